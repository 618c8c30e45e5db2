export {
  type CatalogPlace,
  type CataloguedRecording,
  RecordingCatalog,
  type RecordingClaims,
} from './recording-catalog.js';

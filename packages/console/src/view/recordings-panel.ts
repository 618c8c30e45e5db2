import type { RecordingsAction, RecordingsState, ServerPlace } from '../model/index.js';
import { element, setHidden } from './dom.js';
import { RecordingList } from './recording-list.js';
import { RecordingStage, type RecordingStageActions } from './recording-stage.js';
import { TextRow } from './text-row.js';

export interface RecordingsPanelActions extends RecordingStageActions {
  readonly dispatch: (action: RecordingsAction) => void;
}

/** The tab of recordings: the list, and the player of the chosen one. */
export class RecordingsPanel {
  readonly element: HTMLElement;
  readonly #wait = element('p', { class: 'connecting', role: 'status' }, 'Asking the server…');
  readonly #empty = new HowToRecord();
  readonly #stage: RecordingStage;
  readonly #list: RecordingList;
  readonly #both: HTMLElement;

  constructor(actions: RecordingsPanelActions) {
    this.#stage = new RecordingStage(actions);
    this.#list = new RecordingList(actions.dispatch);
    this.#list.element.addEventListener('click', (event) => {
      if (event.target instanceof HTMLElement && event.target.closest('a') !== null) this.#showStage();
    });
    this.#both = element('div', { class: 'recordings' }, this.#stage.element, this.#list.element);
    this.element = element('div', {}, this.#wait, this.#empty.element, this.#both);
  }

  update(state: RecordingsState, place: ServerPlace, defaultApp: string): void {
    const { list } = state;
    const isEmpty = list?.total === 0 && state.search === '' && state.chosen === undefined;
    setHidden(this.#wait, list !== undefined);
    setHidden(this.#empty.element, !isEmpty);
    setHidden(this.#both, list === undefined || isEmpty);
    this.#empty.update(defaultApp);
    this.#list.update(state);
    this.#stage.update(state, place);
  }

  /** Where there is one column the list is below the player, and a long one takes it out of sight. */
  #showStage(): void {
    const { element: stage } = this.#stage;
    if (stage.getBoundingClientRect().bottom < window.innerHeight / 3) stage.scrollIntoView();
  }

  /** Another tab is looked at: what plays stops, as nobody sees it. */
  rest(): void {
    this.#stage.rest();
  }
}

class HowToRecord {
  readonly element: HTMLElement;
  readonly #all = new TextRow('Have the server record every stream of an application', 'block');
  readonly #files = new TextRow('Or put FLV and MP4 files into its folder, media.dir', 'block');

  constructor() {
    this.element = element(
      'section',
      { class: 'objects-empty' },
      element('h2', { class: 'guide-title' }, 'Nothing is recorded yet'),
      element('p', { class: 'guide-lead' }, 'What is recorded is found here, and plays from any place.'),
      element('div', { class: 'card recordings-how' }, this.#all.element, this.#files.element),
    );
  }

  update(app: string): void {
    this.#all.update(`npx millrace serve --set 'record.streams=${app}/*'`);
    this.#files.update(`mkdir -p media/${app} && cp film.mp4 media/${app}/`);
  }
}

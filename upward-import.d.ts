// What a package finds in the place of one above it: nothing. The `paths` in the tsconfig files lead here, because project
// references alone do not stop an import that goes through node_modules.
export {};

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** The errors that a project has once a file of it imports `name` from `specifier`. */
function errorsWith(project: string, folder: string, specifier: string, name: string): string[] {
  const probe = join(root, folder, 'layer-probe.ts');
  const text = `import { ${name} } from '${specifier}';\nexport const used: unknown = ${name};\n`;
  const parsed = ts.getParsedCommandLineOfConfigFile(
    join(root, project),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic) => {
        throw new Error(String(diagnostic.messageText));
      },
    },
  );
  if (parsed === undefined) throw new Error(`${project} cannot be read`);
  const host = ts.createCompilerHost(parsed.options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (file) => file === probe || fileExists(file);
  host.readFile = (file) => (file === probe ? text : readFile(file));
  host.getSourceFile = (file, options) =>
    file === probe ? ts.createSourceFile(file, text, options) : getSourceFile(file, options);
  const program = ts.createProgram({
    rootNames: [probe],
    options: parsed.options,
    host,
    ...(parsed.projectReferences === undefined ? {} : { projectReferences: parsed.projectReferences }),
  });
  const diagnostics = [
    ...program.getOptionsDiagnostics(),
    ...program.getSemanticDiagnostics(program.getSourceFile(probe)),
  ];
  return diagnostics
    .filter(({ file }) => file === undefined || dirname(file.fileName) === dirname(probe))
    .map(({ code }) => `TS${code}`);
}

const protocol = 'packages/protocol/src';

describe('an import upward does not compile', () => {
  it.each([
    [`${protocol}/bytes`, '../amf/index.js', 'decodeAmf0'],
    [`${protocol}/amf`, '../flv/index.js', 'FlvDemuxer'],
    [`${protocol}/flv`, '../rtmp/index.js', 'ChunkDecoder'],
    [`${protocol}/rtmp`, '../flv/index.js', 'FlvDemuxer'],
    [`${protocol}/rtmp`, '../service/index.js', 'parseServe'],
    [`${protocol}/flv`, '../service/index.js', 'parseServe'],
    [`${protocol}/service`, '../rtmp/index.js', 'ChunkDecoder'],
    [`${protocol}/service`, '../flv/index.js', 'FlvDemuxer'],
    [`${protocol}/rtmp`, 'millrace', 'startServer'],
    [`${protocol}/rtmp`, '@millrace/client', 'NetConnection'],
    [`${protocol}/bytes`, 'node:fs', 'readFileSync'],
  ])('from %s to %s', (folder, specifier, name) => {
    expect(errorsWith(`${folder}/tsconfig.json`, folder, specifier, name)).not.toEqual([]);
  });

  it('from the client to the server', () => {
    expect(errorsWith('packages/client/tsconfig.json', 'packages/client/src', 'millrace', 'startServer')).not.toEqual(
      [],
    );
  });
});

describe('an import downward compiles', () => {
  it.each([
    [`${protocol}/amf`, `${protocol}/amf`, '../bytes/index.js', 'ByteReader'],
    [`${protocol}/rtmp`, `${protocol}/rtmp`, '../amf/index.js', 'decodeAmf0'],
    [`${protocol}/service`, `${protocol}/service`, '../amf/index.js', 'decodeAmf0'],
    ['packages/client', 'packages/client/src', '@millrace/protocol', 'ChunkDecoder'],
    ['packages/server', 'packages/server/src', '@millrace/protocol', 'ChunkDecoder'],
  ])('from %s', (project, folder, specifier, name) => {
    expect(errorsWith(`${project}/tsconfig.json`, folder, specifier, name)).toEqual([]);
  });
});

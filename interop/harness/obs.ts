import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requirePeer } from './peers.js';
import { Program } from './program.js';

const globalIni = `[General]
FirstRun=true
LastVersion=486539266
EnableAutoUpdates=false

[Basic]
Profile=millrace
ProfileDir=millrace
SceneCollection=millrace
SceneCollectionFile=millrace
`;

// A key frame each second, as the other tests' media have.
const basicIni = `[General]
Name=millrace

[Video]
BaseCX=320
BaseCY=180
OutputCX=320
OutputCY=180
FPSType=0
FPSCommon=30

[Output]
Mode=Simple

[SimpleOutput]
VBitrate=500
ABitrate=96
StreamEncoder=x264
UseAdvanced=true
Preset=ultrafast
x264Settings=keyint=30
`;

const scene = {
  name: 'millrace',
  current_scene: 'Scene',
  current_program_scene: 'Scene',
  scene_order: [{ name: 'Scene' }],
  sources: [
    {
      id: 'scene',
      versioned_id: 'scene',
      name: 'Scene',
      settings: {
        id_counter: 1,
        custom_size: false,
        items: [{ name: 'Colour', id: 1, visible: true, scale: { x: 1, y: 1 }, pos: { x: 0, y: 0 } }],
      },
    },
    {
      id: 'color_source',
      versioned_id: 'color_source_v3',
      name: 'Colour',
      settings: { color: 4283782485, width: 320, height: 180 },
    },
  ],
};

export interface ObsService {
  readonly server: string;
  readonly key: string;
  /** Its "Use authentication". */
  readonly login?: { readonly username: string; readonly password: string };
}

/** Starts OBS on a screen of its own (Xvfb, software rendering) with a profile that streams at once to `server` / `key`. */
export async function startObs(
  { server, key, login }: ObsService,
  test: Parameters<typeof requirePeer>[1],
): Promise<Program> {
  const obs = requirePeer('obs', test);
  const xvfb = requirePeer('Xvfb', test);
  const home = mkdtempSync(join(tmpdir(), 'millrace-obs-'));
  const config = join(home, 'config/obs-studio');
  const profile = join(config, 'basic/profiles/millrace');
  mkdirSync(profile, { recursive: true });
  mkdirSync(join(config, 'basic/scenes'));
  mkdirSync(join(home, 'run'), { mode: 0o700 });
  writeFileSync(join(config, 'global.ini'), globalIni);
  writeFileSync(join(profile, 'basic.ini'), basicIni);
  writeFileSync(
    join(profile, 'service.json'),
    JSON.stringify({ type: 'rtmp_custom', settings: { server, key, use_auth: login !== undefined, ...login } }),
  );
  writeFileSync(join(config, 'basic/scenes/millrace.json'), JSON.stringify(scene));
  // Xvfb chooses a free display and writes its number.
  const screen = Program.start(xvfb, ['-displayfd', '1', '-screen', '0', '1280x720x24', '-nolisten', 'tcp']);
  const display = await screen.waitFor('display number', () => /^\d+\n/.exec(screen.stdout)?.[0].trim());
  const program = Program.start(
    obs,
    [
      '--startstreaming',
      '--multi',
      '--minimize-to-tray',
      '--disable-updater',
      '--profile',
      'millrace',
      '--collection',
      'millrace',
    ],
    {
      cwd: home,
      env: {
        DISPLAY: `:${display}`,
        HOME: home,
        XDG_CONFIG_HOME: join(home, 'config'),
        XDG_RUNTIME_DIR: join(home, 'run'),
        LIBGL_ALWAYS_SOFTWARE: '1',
      },
    },
  );
  void program.exited.then(() => rmSync(home, { recursive: true, force: true }));
  return program;
}

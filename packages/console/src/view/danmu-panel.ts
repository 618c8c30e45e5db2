import type { Danmu } from '@millrace/protocol';
import { DanmuRoom, guestName, type RoomState, shownDanmu } from '../danmu/index.js';
import type { ServerPlace, StreamPath } from '../model/index.js';
import { DanmuLines } from './danmu-lines.js';
import { DanmuStage } from './danmu-stage.js';
import { element, setAttribute, setHidden, setText } from './dom.js';
import { icon } from './icons.js';
import { recall, remember } from './remembered.js';

// What the server takes, unless it is told otherwise.
const maxTextLength = 500;
const maxNameLength = 32;

/** Danmu: a switch, a box to say something, what has been said, and the texts that cross the picture. */
export class DanmuPanel {
  readonly element: HTMLElement;
  /** To be laid over the picture. */
  readonly stage: HTMLElement;
  readonly #stage = new DanmuStage();
  readonly #toggle = element('button', { type: 'button', class: 'button danmu-toggle' }, icon('danmu'), 'Danmu');
  readonly #name = element('input', {
    ...{ type: 'text', class: 'field danmu-name', 'aria-label': 'Your name', title: 'Your name' },
    ...{ maxlength: maxNameLength, autocomplete: 'nickname', spellcheck: 'false' },
  });
  readonly #text = element('input', {
    ...{ type: 'text', class: 'field danmu-text', 'aria-label': 'Say something' },
    ...{ maxlength: maxTextLength, autocomplete: 'off', enterkeyhint: 'send' },
  });
  readonly #send = element('button', { type: 'submit', class: 'button danmu-send' }, 'Send');
  readonly #form = element('form', { class: 'danmu-form' }, this.#name, this.#text, this.#send);
  readonly #notice = element('p', { class: 'danmu-notice', role: 'status' });
  readonly #lines = new DanmuLines();
  readonly #room: DanmuRoom;
  #on = recall('danmu') !== 'off';
  #place: ServerPlace | undefined;
  #path: StreamPath | undefined;
  #state: RoomState = { kind: 'closed' };

  constructor() {
    this.stage = this.#stage.element;
    this.#name.value = recall('danmuName') ?? guestName();
    remember('danmuName', this.#name.value);
    this.#room = new DanmuRoom({
      onState: (state) => this.#roomChanged(state),
      onDanmu: (danmu) => this.#heard(danmu),
      onNotice: (notice) => this.#tell(notice),
    });
    this.#toggle.addEventListener('click', () => {
      this.#on = !this.#on;
      remember('danmu', this.#on ? undefined : 'off');
      this.#visit();
    });
    this.#name.addEventListener('change', () => {
      this.#name.value = this.#name.value.trim() || guestName();
      remember('danmuName', this.#name.value);
    });
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#say();
    });
    const bar = element('div', { class: 'danmu-bar' }, this.#toggle, this.#form);
    this.element = element('div', { class: 'danmu', 'aria-label': 'Danmu', role: 'group' });
    this.element.append(bar, this.#notice, this.#lines.element);
    this.#tell('');
    this.#show();
  }

  /** `path`: the stream whose room is visited; `undefined`: none. */
  update(place: ServerPlace, path: StreamPath | undefined): void {
    this.#place = place;
    if (this.#path?.app === path?.app && this.#path?.name === path?.name) return;
    this.#path = path;
    this.#visit();
  }

  #visit(): void {
    this.#stage.clear();
    this.#lines.clear();
    this.#tell('');
    if (this.#place !== undefined) this.#room.enter(this.#place, this.#on ? this.#path : undefined);
    this.#show();
  }

  #say(): void {
    const said = this.#text.value.trim();
    if (said === '') return;
    try {
      this.#room.say(said, this.#name.value.trim());
    } catch (error) {
      this.#tell(`Not sent: ${error instanceof Error ? error.message : String(error)}`);
      return;
    }
    this.#text.value = '';
    this.#tell('');
    this.#stage.show(said, true);
    this.#lines.add(this.#name.value, said, true);
    this.#show();
  }

  #heard({ userId, danmuType, content }: Danmu): void {
    const said = shownDanmu(danmuType, content);
    this.#stage.show(said);
    this.#lines.add(userId, said);
    this.#show();
  }

  #roomChanged(state: RoomState): void {
    this.#state = state;
    this.#tell(state.kind === 'retrying' ? retryNotice(state) : '');
    this.#show();
  }

  #tell(notice: string): void {
    setText(this.#notice, notice);
    setHidden(this.#notice, notice === '');
  }

  #show(): void {
    const open = this.#state.kind === 'open';
    setAttribute(this.#toggle, 'aria-pressed', String(this.#on));
    setAttribute(this.#toggle, 'title', this.#on ? 'Hide danmu' : 'Show danmu');
    setHidden(this.#form, !this.#on);
    setHidden(this.#lines.element, !this.#on || this.#lines.isEmpty);
    this.#send.disabled = !open;
    const waits = this.#state.kind === 'connecting' || (this.#state.kind === 'retrying' && !this.#state.refused);
    setAttribute(this.#text, 'placeholder', waits ? 'Connecting…' : 'Say something');
    this.#text.disabled = this.#state.kind === 'retrying' && this.#state.refused;
    setAttribute(this.element, 'data-state', this.#state.kind);
  }
}

function retryNotice({ reason, refused }: Extract<RoomState, { kind: 'retrying' }>): string {
  return refused ? `You cannot join the danmu: ${reason}` : `${reason} Trying again…`;
}

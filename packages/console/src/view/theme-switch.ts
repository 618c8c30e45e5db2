import { setAttribute } from './dom.js';
import { iconButton } from './icon-button.js';
import { changeIcon, type IconName, icon } from './icons.js';
import { recall, remember } from './remembered.js';

type Theme = 'system' | 'light' | 'dark';

const next: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const icons: Readonly<Record<Theme, IconName>> = { system: 'screen', light: 'sun', dark: 'moon' };
const labels: Readonly<Record<Theme, string>> = { system: 'as the system', light: 'light', dark: 'dark' };

/** A button that goes through the themes: as the system, light, dark. */
export function themeSwitch(): HTMLElement {
  const remembered = recall('theme');
  let theme: Theme = remembered === 'light' || remembered === 'dark' ? remembered : 'system';
  const picture = icon(icons[theme]);
  const button = iconButton(picture);

  const apply = (): void => {
    setAttribute(document.documentElement, 'data-theme', theme === 'system' ? undefined : theme);
    changeIcon(picture, icons[theme]);
    setAttribute(button, 'aria-label', `Colours: ${labels[theme]}. Change to: ${labels[next[theme]]}`);
    setAttribute(button, 'title', `Colours: ${labels[theme]}`);
  };
  button.addEventListener('click', () => {
    theme = next[theme];
    remember('theme', theme === 'system' ? undefined : theme);
    apply();
  });
  apply();
  return button;
}

// No level of any codec here allows a longer side; anything more is a misread configuration.
const maxSide = 65_536;

/** The size, or nothing where it cannot be one. */
export function checkedSize(width: number, height: number): { width?: number; height?: number } {
  return width > 0 && height > 0 && width <= maxSide && height <= maxSide ? { width, height } : {};
}

/** Two lower-case hexadecimal digits. */
export function hexByte(value: number): string {
  return value.toString(16).padStart(2, '0');
}

/** Two decimal digits. */
export function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

type Numbers = Uint16Array | Uint32Array | Int32Array | Float64Array;

const firstLength = 64;

/** Numbers in an array of a fixed kind that grows with them. */
export class GrowingArray<T extends Numbers> {
  readonly #make: new (
    length: number,
  ) => T;
  #items: T;
  #length = 0;

  constructor(make: new (length: number) => T, length = firstLength) {
    this.#make = make;
    this.#items = new make(length);
  }

  /** With `length` zeroes in it. */
  static filled<T extends Numbers>(make: new (length: number) => T, length: number): GrowingArray<T> {
    const array = new GrowingArray(make, length + firstLength);
    array.#length = length;
    return array;
  }

  get length(): number {
    return this.#length;
  }

  /** 0 where there is none. */
  get last(): number {
    return this.at(this.#length - 1);
  }

  push(item: number): void {
    if (this.#length === this.#items.length) this.#resize(Math.ceil(this.#length * 1.5) + firstLength);
    this.#items[this.#length] = item;
    this.#length += 1;
  }

  /** Of an item that is there. */
  set(index: number, item: number): void {
    this.#items[index] = item;
  }

  /** 0 where there is none. */
  at(index: number): number {
    return this.#items[index] ?? 0;
  }

  /** How many are not greater than `limit`; they are to be in rising order. */
  countUpTo(limit: number): number {
    const items = this.#items;
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((items[middle] ?? 0) <= limit) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  trim(): void {
    if (this.#items.length > this.#length) this.#resize(this.#length);
  }

  #resize(length: number): void {
    const items = new this.#make(length);
    items.set(this.#items.subarray(0, this.#length));
    this.#items = items;
  }
}

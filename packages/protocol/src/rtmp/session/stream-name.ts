/** A name and what follows its first `?`, which is `''` where there is none. */
export function splitQuery(text: string): { readonly name: string; readonly query: string } {
  const mark = text.indexOf('?');
  return mark < 0 ? { name: text, query: '' } : { name: text.slice(0, mark), query: text.slice(mark + 1) };
}

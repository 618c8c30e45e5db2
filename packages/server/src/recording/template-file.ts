/** The path that `record.file` gives for a stream that is published at `timeMs` (Unix ms). */
export function fileOfTemplate(
  template: string,
  stream: { readonly app: string; readonly name: string; readonly timeMs: number },
): string {
  const [date = '', time = ''] = new Date(stream.timeMs).toISOString().replace(/\..*$/, '').split('T');
  const values: Readonly<Record<string, string>> = {
    app: stream.app,
    name: stream.name,
    date,
    time: time.replaceAll(':', '-'),
  };
  return template.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}

/** Deletes a recording. `path`: of the API, encoded. Resolves with why not; `undefined`: it is deleted. Never rejects. */
export async function deleteRecording(baseUrl: URL, path: string): Promise<string | undefined> {
  try {
    const response = await fetch(new URL(`api/v1/recordings/${path}`, baseUrl), { method: 'DELETE' });
    if (response.ok || response.status === 404) return undefined;
    const answer: unknown = await response.json();
    const message = typeof answer === 'object' && answer !== null && 'message' in answer ? answer.message : undefined;
    return typeof message === 'string' ? message : `The server answered ${response.status}.`;
  } catch {
    return 'The server cannot be reached.';
  }
}

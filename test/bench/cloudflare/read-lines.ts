/** Reads a response's NDJSON, and stops at the first line for which `isEnough`; returns the last line. */
export async function readLines(
  response: Response,
  isEnough: (line: string, count: number) => boolean = () => false,
): Promise<{ readonly count: number; readonly last: string }> {
  if (!response.ok || response.body === null) {
    throw new Error(`HTTP ${response.status}: ${(await response.text()).slice(0, 500)}`);
  }
  let count = 0;
  let last = "";
  let rest = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") continue;
      count++;
      last = line;
      // Leaving the loop cancels the body.
      if (isEnough(line, count)) return { count, last };
    }
  }
  return { count, last };
}

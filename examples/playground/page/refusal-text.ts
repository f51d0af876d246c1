/** What a refusing response says of itself, in one line. */
export async function refusalText(response: Response): Promise<string> {
  const problem: unknown = await response.json().catch(() => undefined);
  const { detail, title } = Object(problem) as { detail?: unknown; title?: unknown };
  const said = [detail, title].find((one) => typeof one === "string");
  return typeof said === "string" ? said : `The server answered ${response.status}`;
}

/** An error as a person may read it. */
export function errorText(error: unknown): { readonly message: string; readonly code: string | undefined } {
  if (!(error instanceof Error)) return { message: String(error), code: undefined };
  const { code } = error as { code?: unknown };
  return { message: error.message, code: typeof code === "string" ? code : undefined };
}

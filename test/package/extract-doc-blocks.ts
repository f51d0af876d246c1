/** A block of code in the README or in a doc comment, as a module to be checked and run. */
export interface DocBlock {
  /** Where its code begins. */
  readonly file: string;
  readonly line: number;
  readonly code: string;
  /** False for blocks fenced as `ts no-run`: these are only type-checked. */
  readonly run: boolean;
}

const FENCE = /^([ \t]*)```ts( no-run)?[ \t]*\n([\s\S]*?)^[ \t]*```[ \t]*$/gm;

/** The ```ts blocks of a Markdown file. */
export function extractFromMarkdown(file: string, text: string): DocBlock[] {
  return [...text.matchAll(FENCE)].map((match): DocBlock => {
    const [, indent = "", noRun, body = ""] = match;
    const line = text.slice(0, match.index).split("\n").length + 1;
    const code = body.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    return { file, line, code, run: noRun === undefined };
  });
}

const DOC_COMMENT = /\/\*\*[\s\S]*?\*\//g;

/** The ```ts blocks of a module's doc comments. */
export function extractFromSource(file: string, text: string): DocBlock[] {
  return [...text.matchAll(DOC_COMMENT)].flatMap((match) => {
    const linesBefore = text.slice(0, match.index).split("\n").length - 1;
    const bare = match[0].replace(/^[ \t]*\*(?!\/) ?/gm, "");
    return extractFromMarkdown(file, bare).map((block) => ({ ...block, line: block.line + linesBefore }));
  });
}

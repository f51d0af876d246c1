import type { Locator, Page } from "playwright-core";

/** What the server keeps of a turn. */
export interface KeptTurn {
  readonly executionId: string;
  readonly state: string;
  readonly attempt: number;
  readonly finalText?: string;
}

/** The playground as a person sees it: everything is found by its role, its label or what it shows. */
export class PlaygroundPage {
  readonly page: Page;
  readonly message: Locator;
  readonly agent: Locator;
  readonly send: Locator;
  readonly stop: Locator;
  readonly status: Locator;

  constructor(page: Page) {
    this.page = page;
    this.message = page.getByLabel("Message", { exact: true });
    this.agent = page.getByLabel("Agent", { exact: true });
    this.send = page.getByRole("button", { name: "Send", exact: true });
    this.stop = page.getByRole("button", { name: "Stop", exact: true });
    this.status = page.locator("#link-status");
  }

  /** Its agents have come: messages can be sent. */
  async ready(): Promise<void> {
    await this.page.locator("#agent option").first().waitFor({ state: "attached" });
  }

  /** Writes to an agent and sends by Enter. */
  async ask(agent: string, message: string): Promise<void> {
    await this.agent.selectOption(agent);
    await this.message.fill(message);
    await this.message.press("Enter");
  }

  turn(index: number): Locator {
    return this.page.getByRole("article", { name: `Turn ${index}`, exact: true });
  }

  /** Waits until a turn has come to an end that reads so. */
  async waitForEnd(index: number, words: "Done" | "Failed" | "Stopped", timeout = 20_000): Promise<void> {
    await this.turn(index).locator(".state").getByText(words, { exact: true }).waitFor({ timeout });
  }

  /** The answer as it stands on the page. */
  async answer(index: number): Promise<string> {
    return (await this.turn(index).locator(".text").allTextContents()).join("");
  }

  /** Waits until so many words of an answer are there; returns it as it then is. */
  async waitForWords(index: number, words: number): Promise<string> {
    const text = this.turn(index).locator(".text").first();
    await text.getByText(new RegExp(`(\\S+\\s+){${words}}`)).waitFor({ timeout: 20_000 });
    return this.answer(index);
  }

  async waitForStatus(words: string | RegExp): Promise<void> {
    await this.status.getByText(words).waitFor({ timeout: 20_000 });
  }

  /** The list of events: each one's number, and its type. */
  events(): Promise<string[]> {
    const list = this.page.getByRole("list", { name: "Events" });
    return list.locator(".id, .type").allTextContents();
  }

  /** One of the facts above the timeline. */
  async fact(name: string): Promise<string | null> {
    return this.page.locator("#trace-summary div").filter({ hasText: name }).locator("dd").textContent();
  }

  /** What the server keeps of this page's session, newest turn first. */
  async kept(): Promise<readonly KeptTurn[]> {
    const { origin, hash } = new URL(this.page.url());
    const sessionId = new URLSearchParams(hash.slice(1)).get("s") ?? "";
    const response = await fetch(`${origin}/api/sessions/${sessionId}/turns`);
    return ((await response.json()) as { turns: KeptTurn[] }).turns;
  }

  /** What the playground's persist hook has saved for a turn, and how often. */
  async saved({ executionId }: KeptTurn): Promise<{ readonly text: string; readonly saves: number } | undefined> {
    const { origin } = new URL(this.page.url());
    const response = await fetch(`${origin}/trace/${encodeURIComponent(executionId)}`);
    return ((await response.json()) as { saved?: { text: string; saves: number } }).saved;
  }
}

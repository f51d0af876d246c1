import { afterAll, describe, expect, it } from "vitest";
import { createTurnClient } from "turnwire/client";
import app, { engine } from "../../examples/scripts/app.ts";

afterAll(() => engine.stop({ graceMs: 0 }));

const clientOf = (tenant: string) =>
  createTurnClient({
    baseUrl: "http://localhost",
    headers: { authorization: `Bearer ${tenant}` },
    fetch: async (input, init) => app.fetch(new Request(input, init)),
  });

describe("examples/scripts", () => {
  it("answers each tenant with its own script: redacted, and with an approval", async () => {
    const acme = clientOf("acme").start({ sessionId: "s", turnIndex: 0, message: "Card 123456 please" });
    expect((await acme.finished).finalText).toBe("Card [number] please");

    const globex = clientOf("globex").start({ sessionId: "s", turnIndex: 0, message: "Mail her" });
    for await (const event of globex) {
      if (event.type !== "approval.requested") continue;
      await globex.approve(String(event.data?.["approvalId"]));
    }
    expect(await globex.finished).toMatchObject({
      status: "completed",
      finalText: "I need your word first. Mail to ada@example.com is on its way",
    });
  });

  it("lets nobody in without a tenant", async () => {
    expect((await app.fetch(new Request("http://localhost/turns", { method: "POST", body: "{}" }))).status).toBe(401);
  });
});

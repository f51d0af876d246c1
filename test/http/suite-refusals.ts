import type { TestApi } from "../support/test-api.ts";
import {
  controlState,
  createUser,
  eventsOf,
  type HttpUser,
  openGate,
  problemOf,
  type RequestOptions,
  until,
} from "./http-client.ts";
import { LIMITS } from "./test-app.ts";

interface Refusal {
  readonly name: string;
  readonly method?: string;
  readonly path: string;
  readonly options?: RequestOptions;
  readonly status: number;
  readonly code: string;
  /** The fields that the answer names. */
  readonly fields?: readonly string[];
}

const turn = { sessionId: "refused", turnIndex: 0, message: "Hello" };
const post = (name: string, body: unknown, status: number, code: string, fields?: readonly string[]): Refusal => ({
  name,
  method: "POST",
  path: "/turns",
  options: { body },
  status,
  code,
  ...(fields === undefined ? {} : { fields }),
});
const bad = (name: string, body: unknown, ...fields: readonly string[]): Refusal =>
  post(name, body, 400, "invalid-request", fields.length === 0 ? undefined : fields);

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

const BODIES: readonly Refusal[] = [
  bad("no body", undefined),
  bad("malformed JSON", '{"sessionId":'),
  bad("not an object", "[]", ""),
  bad("null", "null", ""),
  bad("nothing in it", {}, "sessionId", "turnIndex", "message"),
  bad("wrong types", { sessionId: 1, turnIndex: "0", message: 5 }, "sessionId", "turnIndex", "message"),
  bad("a blank session", { ...turn, sessionId: " " }, "sessionId"),
  bad("a session that is too long", { ...turn, sessionId: "s".repeat(201) }, "sessionId"),
  bad("a session whose id is too long once escaped", { ...turn, sessionId: "ü".repeat(100) }, "sessionId"),
  bad("a session of half a surrogate pair", `{"sessionId":"\\ud800","turnIndex":0,"message":"x"}`, "sessionId"),
  bad("a negative turn", { ...turn, turnIndex: -1 }, "turnIndex"),
  bad("half a turn", { ...turn, turnIndex: 0.5 }, "turnIndex"),
  bad("an unsafe turn", { ...turn, turnIndex: 2 ** 60 }, "turnIndex"),
  bad("an empty message", { ...turn, message: "" }, "message"),
  bad("no parts", { ...turn, message: [] }, "message"),
  bad("a part without a type", { ...turn, message: [{ text: "x" }] }, "message"),
  bad("an attempt that is none", { ...turn, attempt: -1 }, "attempt"),
  bad("an agent that is none", { ...turn, agent: 5 }, "agent"),
  bad("a field that is not known", { ...turn, sesionId: "x" }, ""),
  bad("a cursor that is none", { ...turn, after: "x" }),
  bad("data that nests too deep", `{"sessionId":"s","turnIndex":0,"message":"x","data":${nested(65)}}`),
  bad("data that nests so deep that it hurts", `{"sessionId":"s","turnIndex":0,"message":"x","data":${nested(9000)}}`),
  post("an agent that is not there", { ...turn, agent: "nobody" }, 404, "agent-not-found"),
  post("a message over its limit", { ...turn, message: "x".repeat(LIMITS.maxMessageChars + 1) }, 413, "too-large", [
    "message",
  ]),
  post(
    "parts over their limit",
    { ...turn, message: [{ type: "text", text: "x".repeat(LIMITS.maxMessageChars) }] },
    413,
    "too-large",
    ["message"],
  ),
  post("a body over its limit", { ...turn, data: "x".repeat(LIMITS.maxBodyBytes) }, 413, "too-large", [""]),
  post(
    "a body over its limit in bytes only",
    { ...turn, data: "ü".repeat(LIMITS.maxBodyBytes / 2) },
    413,
    "too-large",
    [""],
  ),
];

const PATHS: readonly Refusal[] = [
  {
    name: "a state that is none",
    path: "/sessions/s/turns?state=asleep",
    status: 400,
    code: "invalid-request",
    fields: ["state.0"],
  },
  { name: "a blank session", path: "/sessions/%20/turns", status: 400, code: "invalid-request", fields: ["sessionId"] },
  {
    name: "a cursor that is too long",
    path: `/turns/acme%40test%3Ax%3A0/events?after=${"9".repeat(201)}`,
    status: 400,
    code: "invalid-request",
    fields: ["after"],
  },
];

/** What is refused, how, and that nothing was started by it. */
export function describeRefusals(
  { describe, it, expect }: TestApi,
  server: () => string,
  mounts: readonly string[] = ["/stored", "/raw", "/bare"],
): void {
  const ada = () => createUser(server(), "/stored");

  async function expectRefusal(
    user: HttpUser,
    { name, method = "GET", path, options, status, code, fields }: Refusal,
  ): Promise<void> {
    const response = await user.request(method, path, options);
    expect(response.status, name).toBe(status);
    const problem = await problemOf(response);
    expect(problem, name).toMatchObject({ type: `urn:turnwire:problem:${code}`, status, code });
    expect(typeof problem.retryable, name).toBe("boolean");
    expect(problem.title.length * problem.detail.length, name).toBeGreaterThan(0);
    expect(response.headers.get("retry-after") !== null, name).toBe(problem.retryable);
    expect(response.headers.get("cache-control"), name).toBe("no-store");
    if (fields !== undefined)
      expect(
        problem.errors?.map((error) => error.path),
        name,
      ).toEqual(fields);
  }

  async function startsNothing(body: () => Promise<void>): Promise<void> {
    const before = await controlState(server());
    await body();
    const { calls, produced, readers } = await controlState(server());
    expect([calls, produced, readers]).toEqual([before.calls, before.produced, before.readers]);
  }

  describe("refusals", () => {
    for (const mount of mounts) {
      it(`of bodies and parameters start nothing: ${mount}`, async () => {
        await startsNothing(async () => {
          const user = createUser(server(), mount);
          // Only the engine knows agents and what a cursor looks like.
          const engineOnly = ["a cursor that is none", "an agent that is not there"];
          for (const one of BODIES)
            if (mount === "/stored" || !engineOnly.includes(one.name)) await expectRefusal(user, one);
          if (mount === "/stored") for (const one of PATHS) await expectRefusal(user, one);
        });
      });
    }

    it("come from authorize before anything else is looked at", async () => {
      await startsNothing(async () => {
        const everything: readonly [method: string, path: string][] = [
          ["POST", "/turns"],
          ["GET", "/turns/x/events"],
          ["HEAD", "/turns/x/events"],
          ["GET", "/turns/x"],
          ["POST", "/turns/x/cancel"],
          ["POST", "/turns/x/approvals/y"],
          ["GET", "/sessions/x/turns?state=nonsense"],
        ];
        for (const [method, path] of everything) {
          const options = method === "POST" ? { body: "nonsense" } : {};
          const ask = (user: string): Promise<Response> =>
            createUser(server(), "/stored", "acme", user).request(method, path, options);
          const anonymous = await ada().request(method, path, { ...options, headers: { authorization: "" } });
          expect(anonymous.status).toBe(401);
          expect((await ask("blocked")).status).toBe(403);
          const busy = await ask("busy");
          expect([busy.status, busy.headers.get("retry-after")]).toEqual([429, "1"]);
          // A Response of the product's own is passed through as it is.
          const redirected = await ask("redirected");
          expect([redirected.status, redirected.headers.get("location")]).toEqual([302, "/login"]);
          for (const broken of ["thrower", "nobody"]) {
            const response = await ask(broken);
            expect(response.status).toBe(500);
            const text = await response.text();
            expect(text).not.toMatch(/swordfish|authorize|nobody/);
            if (method !== "HEAD") expect(text).toContain('"code":"internal-error"');
          }
        }
      });
      expect((await controlState(server())).logs.join("\n")).toContain("swordfish");
    });

    it("of another tenant's execution are 404, in the same words as of one that does not exist", async () => {
      await eventsOf(await ada().start({ sessionId: "own-secret" }));
      const id = ada().idOf("own-secret");
      await startsNothing(async () => {
        const answers = new Set<string>();
        const strangers: readonly (readonly [HttpUser, string])[] = [
          [createUser(server(), "/stored", "evil"), id],
          [createUser(server(), "/stored", "ACME"), id],
          [createUser(server(), "/other-project"), id],
          [createUser(server(), "/stored", "acme", "picky"), ada().idOf("secret")],
          [ada(), ada().idOf("never-started")],
          ...[
            "x",
            "test:own-secret:0",
            "acme@test:own-secret:00",
            "acme@test:own-secret",
            "%",
            "a".repeat(5000),
            "acme@test:%6fwn-secret:0",
          ].map((strange) => [ada(), strange] as const),
        ];
        for (const [user, target] of strangers) {
          const requests: readonly (readonly [string, string, unknown?])[] = [
            ["GET", ""],
            ["GET", "/events"],
            ["GET", "/events?after=2"],
            ["POST", "/cancel", { reason: "mine" }],
            ["POST", "/approvals/x", { decision: "approve" }],
          ];
          for (const [method, more, body] of requests) {
            const response = await user.request(method, user.at(target, more), { body });
            expect(response.status, `${method} ${target}${more}`).toBe(404);
            answers.add(JSON.stringify(await problemOf(response)));
          }
        }
        expect(answers.size, [...answers].join("\n")).toBe(1);
      });
      const listed = async (user: HttpUser): Promise<unknown> =>
        (await user.request("GET", "/sessions/own-secret/turns")).json();
      expect(await listed(createUser(server(), "/stored", "evil"))).toEqual({ turns: [] });
      expect(await listed(createUser(server(), "/other-project"))).toEqual({ turns: [] });
      expect(await listed(createUser(server(), "/stored", "acme", "picky"))).toMatchObject({
        turns: [{ executionId: id }],
      });
    });

    it("of a session that this user may not use", async () => {
      const picky = createUser(server(), "/stored", "acme", "picky");
      await startsNothing(async () => {
        await expectRefusal(picky, { ...post("start", turn, 403, "forbidden") });
        await expectRefusal(picky, { name: "list", path: "/sessions/others/turns", status: 403, code: "forbidden" });
      });
      expect((await eventsOf(await picky.start({ sessionId: "own-1" }))).at(-1)?.type).toBe("session.run.completed");
    });

    it("of conflicting input, a busy session, and cursors that cannot be served", async () => {
      const running = await ada().start({ sessionId: "busy", data: { gate: "busy" } });
      await startsNothing(async () => {
        await expectRefusal(
          ada(),
          post("conflict", { ...turn, sessionId: "busy", message: "Other" }, 409, "execution-conflict"),
        );
        await expectRefusal(ada(), post("busy", { ...turn, sessionId: "busy", turnIndex: 1 }, 409, "session-busy"));
        await expectRefusal(ada(), {
          name: "ahead",
          path: ada().at(ada().idOf("busy"), "/events?after=1000"),
          status: 409,
          code: "cursor-ahead",
        });
        await expectRefusal(ada(), {
          name: "no cursor",
          path: ada().at(ada().idOf("busy"), "/events?after=one"),
          status: 400,
          code: "invalid-request",
        });
        await expectRefusal(
          ada(),
          post("ahead at once", { ...turn, sessionId: "fresh", after: "7" }, 409, "cursor-ahead"),
        );
        await expectRefusal(ada(), {
          name: "no such approval",
          method: "POST",
          path: ada().at(ada().idOf("busy"), "/approvals/x"),
          options: { body: { decision: "approve" } },
          status: 404,
          code: "approval-not-found",
        });
        await expectRefusal(ada(), {
          name: "a blank for an approval",
          method: "POST",
          path: ada().at(ada().idOf("busy"), "/approvals/%20"),
          options: { body: { decision: "approve" } },
          status: 400,
          code: "invalid-request",
        });
        for (const body of [{}, { decision: "maybe" }, { decision: "edit" }, { decision: "approve", input: 1 }]) {
          await expectRefusal(ada(), {
            name: JSON.stringify(body),
            method: "POST",
            path: ada().at(ada().idOf("busy"), "/approvals/x"),
            options: { body },
            status: 400,
            code: "invalid-request",
          });
        }
        for (const body of [{ reason: 5 }, { reason: "" }, "nope", { why: "x" }]) {
          await expectRefusal(ada(), {
            name: JSON.stringify(body),
            method: "POST",
            path: ada().at(ada().idOf("busy"), "/cancel"),
            options: { body },
            status: 400,
            code: "invalid-request",
          });
        }
      });
      await openGate(server(), "busy");
      await eventsOf(running);

      const trimming = createUser(server(), "/trimming");
      await eventsOf(await trimming.start({ sessionId: "trimmed" }));
      const gone = trimming.at(trimming.idOf("trimmed"), "/events");
      await until(
        async () => (await trimming.request("GET", gone)).status,
        (status) => status === 410,
        "it is trimmed",
      );
      await expectRefusal(trimming, { name: "gap", path: gone, status: 410, code: "cursor-gap" });
    });

    it("of content types that a page of another site may send without asking", async () => {
      await startsNothing(async () => {
        for (const type of [
          "text/plain",
          "application/x-www-form-urlencoded",
          "multipart/form-data; boundary=x",
          "application/jsonp",
          "",
        ]) {
          const headers = { "content-type": type };
          await expectRefusal(ada(), {
            ...bad(type, JSON.stringify(turn)),
            options: { body: JSON.stringify(turn), headers },
          });
        }
      });
      // A stop has no need of a body, but of a type all the same.
      await eventsOf(await ada().start({ sessionId: "content-types" }));
      const typeless = await ada().request("POST", ada().at(ada().idOf("content-types"), "/cancel"));
      expect([typeless.status, (await problemOf(typeless)).code]).toEqual([400, "invalid-request"]);
      for (const type of ["application/json; charset=utf-8", "Application/JSON", "application/vnd.chat+json"]) {
        const response = await ada().start({ sessionId: "types" }, { headers: { "content-type": type } });
        expect(response.status).toBe(200);
        await eventsOf(response);
      }
    });

    it("of methods and addresses that are not there", async () => {
      await startsNothing(async () => {
        for (const [method, path, allow] of [
          ["GET", "/turns", "POST"],
          ["HEAD", "/turns", "POST"],
          ["PUT", "/turns", "POST"],
          ["DELETE", "/turns/x", "GET, HEAD"],
          ["POST", "/turns/x/events", "GET, HEAD"],
          ["GET", "/turns/x/cancel", "POST"],
          ["OPTIONS", "/turns/x/approvals/y", "POST"],
          ["PATCH", "/sessions/x/turns", "GET, HEAD"],
        ] as const) {
          const response = await ada().request(method, path);
          expect([response.status, response.headers.get("allow")], `${method} ${path}`).toEqual([405, allow]);
          if (method !== "HEAD") expect((await problemOf(response)).code).toBe("method-not-allowed");
        }
        const alone = createUser(server(), "/alone");
        for (const path of ["/", "/turn", "/turns/", "/turns/x/y", "/turns/x/approvals", "/sessions/x"]) {
          await expectRefusal(alone, { name: path, path, status: 404, code: "not-found" });
          // Within an app such an address is the app's own.
          const mounted = await ada().request("GET", path);
          expect([mounted.status, mounted.headers.get("content-type")?.split(";")[0]]).toEqual([404, "text/plain"]);
        }
      });
      expect(
        (await eventsOf(await createUser(server(), "/alone").start({ sessionId: "alone" }))).length,
      ).toBeGreaterThan(3);
    });
  });
}

import { mutantsOf, type Mutant } from "./mutant.ts";

const owner = "script/owner/runtime-owner.ts";
const runner = "script/owner/job-runner.ts";
const queue = "script/owner/job-queue.ts";
const burst = "script/owner/burst.ts";
const context = "script/script-context.ts";
const work = "script/host-work.ts";
const values = "script/context-values.ts";
const lent = "script/lent-values.ts";
const hostFunction = "script/host-function.ts";
const pending = "script/pending-call.ts";
const script = "script/script.ts";
const runtime = "script/script-runtime.ts";
const home = "script/vm-home.ts";
const failure = "script/script-failure.ts";
const product = "script/product-host.ts";
const agent = "script/script-agent.ts";
const steps = "script/script-steps.ts";
const parts = "script/script-parts.ts";
const agentRunner = "script/guest/agent-runner.ts";
const partsRunner = "script/guest/parts-runner.ts";
const guest = "script/guest/create-guest.ts";
const inline = "script/vm/inline-vm.ts";
const slice = "script/vm/slice.ts";
const processVm = "script/vm/process-vm.ts";
const bridge = "script/vm/prelude/bridge.ts";
const events = "script/vm/prelude/events.ts";
const timers = "script/vm/prelude/timers.ts";

/** Bugs that the script runtime must not have, by the test that finds each. */
export const scriptMutants: readonly Mutant<string>[] = [
  // The owner.
  ...mutantsOf("schedules after an await, and does not deadlock", [[runner, "    job.onStack = false;\n", ""]]),
  ...mutantsOf("never runs a call that was canceled while it waited", [
    [
      queue,
      'if (job?.state === "queued") {\n        this.#waiting -= 1;',
      "if (job !== undefined) {\n        this.#waiting -= 1;",
    ],
    [context, "      if (call.settled) return;\n      if (this.#dead", "      if (this.#dead"],
  ]),
  ...mutantsOf("abandons a running call at once, tells the job, and drops its result", [
    [owner, "    job.abort(reason);\n", ""],
  ]),
  ...mutantsOf("bounds the queue by maxQueue", [[owner, "    if (this.#queue.isFull) {", "    if (false) {"]]),
  ...mutantsOf("fires the signals of running work when the grace", [
    [runner, "    else if (isThenable(result)) this.#awaitResult(job, result);\n    else", "    else"],
  ]),
  ...mutantsOf("fires the signals of running work when the grace period is over", [
    [runner, "      job.abort(errorFor(job.op));\n", ""],
  ]),
  ...mutantsOf("holds no other up for more than one slice at a time", [
    [burst, "this.#jobs >= MAX_BURST_JOBS || this.#endedAt - this.#startedAt >= MAX_BURST_MS", "false"],
  ]),

  // What belongs to a call, and what becomes of it.
  ...mutantsOf("cancels a running call at once, aborts its host calls, and lets the script clean up", [
    [work, "      running.abort(error);\n      this.#endCall", "      this.#endCall"],
    [
      work,
      "      this.#endCall(id, running, op.FAIL_HOST_CALL, plainHostError(error));\n    }\n    for",
      "    }\n    for",
    ],
  ]),
  ...mutantsOf("lets no script go on for ever after its call was canceled", [
    [work, "trigger.refusals <= MOST_REFUSALS", "true"],
    [bridge, "  if (text === undefined) return;\n", ""],
  ]),
  ...mutantsOf("stops timers of a call that is over by timeout", [
    [
      work,
      "      if (trigger !== call) continue;\n      cancel();",
      "      if (trigger === call) continue;\n      cancel();",
    ],
  ]),
  ...mutantsOf("times a whole call out, waiting for the host included", [
    [context, "    queueMicrotask(() => call.watchTime());\n", ""],
    [pending, "    if (this.settled) return;\n    this.abandoned = error;", "    if (this.settled) return;"],
  ]),
  ...mutantsOf("hands an abort signal of the caller's into the script", [
    [lent, '    else signal.addEventListener("abort", onAbort, { once: true });\n', ""],
  ]),
  ...mutantsOf("cannot be called through a function that outlived the call that brought it", [
    [lent, "      this.#values.delete(number);\n", ""],
  ]),
  ...mutantsOf("take the script's abort signals", [
    [hostFunction, "    if (controller !== undefined) abortWith(controller, error);", "    void controller, error;"],
    [bridge, "    push(found, [path, -given.length]);\n", "    push(found, [path, -1]);\n"],
    [
      bridge,
      '(i + 1) + "\\\\n" + stringify(describe(reason, 0))',
      '(i + 1) + "\\\\n" + stringify(describe(undefined, 0))',
    ],
    [events, "      if (signal.#aborted) told(signal.#reason);\n      else push", "      push"],
  ]),
  ...mutantsOf("hear of the end of the call by the script's signals too", [
    [hostFunction, "    for (const controller of this.#given?.values() ?? []) abortWith(controller, error);\n", ""],
  ]),
  ...mutantsOf("take and keep functions as references", [
    [
      values,
      "      if (hostCall === undefined) this.#enter(undefined",
      "      if (hostCall !== undefined) this.#enter(undefined",
    ],
  ]),
  ...mutantsOf("fail in the script with name, message and code", [
    [
      failure,
      '    ...(typeof code === "string" ? { code } : {}),\n    ...(error instanceof DOMException',
      "    ...(error instanceof DOMException",
    ],
  ]),

  // Limits, and VMs that are lost.
  ...mutantsOf("bound source, messages both ways, pending calls and queued calls", [
    ["script/crossing.ts", "text.length * 3 > maxBytes && utf8Bytes(text) > maxBytes", "text.length > maxBytes * 4"],
    ["script/check-script.ts", "  if (bytes > sourceBytes) {", "  if (bytes > sourceBytes * 2) {"],
    [runtime, "home.calls.size >= this.#limits.maxQueuedCalls", "home.calls.size > this.#limits.maxQueuedCalls"],
  ]),
  ...mutantsOf("give a short slice to code and none to waiting", [
    [inline, "    const slice = new Slice(this.#limits.sliceMs);\n", "    const slice = context.slice;\n"],
  ]),
  ...mutantsOf("a script that never ends is stopped by its limits", [
    [slice, "    if (this.#stop === undefined && (this.#questions <= 0 || this.#isLate(0))) this.#timeOut();\n", ""],
  ]),
  ...mutantsOf("lets calls that wait behind a script's endless loop through", [
    [
      context,
      '    if (again !== undefined && !call.begun && isTurnError(error, "vm-lost")) again();\n    else',
      "    ",
    ],
  ]),
  ...mutantsOf("is thrown away when it", [
    [context, "    if (stop.wholeVm && this.#vm !== undefined) this.#host.lostVm(stop, this.#vm);\n", ""],
  ]),
  ...mutantsOf("is asked again after an engine could not make one", [
    [runtime, "      this.#vms -= 1;\n      this.#changed();\n      throw error;", "      throw error;"],
    [home, "      making.then(made, () => made(undefined));", "      making.then(made, () => undefined);"],
  ]),

  ...mutantsOf("cannot take each other's memory, time or VM", [
    ["script/vm/quickjs/quickjs-instance.ts", "    this.#active?.memoryRanOut();\n", ""],
  ]),

  // Tenants.
  ...mutantsOf("two tenants' turns run in two VMs", [[agent, "    tenant: run.identity.tenantId,\n", ""]]),
  ...mutantsOf("each finds its own marks, its own state and its own host tools", [
    [runtime, "    const known = this.#homes.get(tenant);", '    const known = this.#homes.get("tenant-0");'],
  ]),
  ...mutantsOf("share few VMs", [
    [home, "return this.hasVm && this.calls.size === 0;", "return this.hasVm;"],
    [runtime, "while (this.#vms >= this.#limits.maxVms)", "while (this.#vms > this.#limits.maxVms)"],
  ]),
  ...mutantsOf("may give up the wait for a VM", [
    [home, "return this.hasVm && this.calls.size === 0;", "return this.wantsVm && this.calls.size === 0;"],
    [home, "this.isIdle || vm === undefined", "vm === undefined"],
  ]),
  ...mutantsOf("take a VM from a call whose time is over", [
    [runtime, "        call.endIfOverdue();\n", ""],
    [runtime, "leftMs = Math.min(leftMs, Math.max(0, call.leftMs()));", ""],
  ]),
  ...mutantsOf("come and go without leaving anything", [[runtime, "    home.scripts -= 1;\n", ""]]),
  ...mutantsOf("cannot reach host functions or arguments of other scripts", [
    ["script/check-script.ts", "...Object.keys(host)])]", '...Object.keys(host), "secret"])]'],
  ]),
  ...mutantsOf("cross with name, message, script stack, code and cause", [
    [
      bridge,
      '    if (apply(indexOf, all[i], ["turnwire:prelude"]) < 0) push(kept, all[i]);',
      "    push(kept, all[i]);",
    ],
  ]),

  // Closing.
  ...mutantsOf("settles what waits with closed, gives what runs its time", [
    [runtime, "    await this.#grace(graceMs, () => this.#calls().length === 0);\n", ""],
  ]),
  ...mutantsOf("refuses at once what waits for a VM", [
    [runtime, "    for (const call of this.#calls()) if (!call.begun) call.fail(closedError());\n", ""],
  ]),
  ...mutantsOf("closes a script whose context has just been made again", [
    [
      script,
      '      if (this.#closed) throw new TurnError("closed", "The script was closed");\n    } catch',
      "    } catch",
    ],
  ]),

  // Globals of scripts.
  ...mutantsOf("takes cleared timers away from the host too", [
    [timers, '  if (forgetTimer(id)) post("x" + id + " \\\\n");', "  forgetTimer(id);"],
  ]),
  ...mutantsOf("has timers, in order of time", [
    [timers, '  if (timer.repeats) post("t" + id + " " + timer.delay + "\\\\n");\n  else {', "  {"],
  ]),
  ...mutantsOf("has EventTarget, AbortController and AbortSignal", [
    [events, "      if (listener.once) listener.remove();\n", ""],
    [events, "      push(one.#followers, (reason) => abortThat(signal, reason));\n", ""],
  ]),

  // Scripts in turns.
  ...mutantsOf("streams, knows its turn, and its text is the answer", [
    [agent, "    tags: { ...options.tags, ...run.tags },", "    tags: { ...run.tags, ...options.tags },"],
    [agent, "      spoke ||= saysText(event);\n", ""],
  ]),
  ...mutantsOf("a returned string is the answer where no text was streamed", [
    [agentRunner, '  return typeof answer === "string" ? answer : undefined;', "  return undefined;"],
  ]),
  ...mutantsOf("a session of its own, with host engine and host tool", [
    [agentRunner, "          said = completion.length;\n", ""],
    [product, '        partial: say(told["partial"]),\n', ""],
  ]),
  ...mutantsOf("a stop in the middle of a host tool ends the turn at once", [
    [product, "[stop, signal].filter", "[signal].filter"],
    [agent, '  else signal.addEventListener("abort", stop, { once: true });\n', ""],
    [agent, "signal.aborted ? STOP_GRACE_MS : 0", "0"],
  ]),
  ...mutantsOf("a cancel or a timeout inside the script reaches the host's tool and engine", [
    [product, "[stop, signal].filter", "[stop].filter"],
  ]),
  ...mutantsOf("a crash in the middle: begun again from its checkpoint", [
    [agent, "    ...(checkpoint === undefined ? {} : { checkpoint }),\n", ""],
    [steps, "        const saved = save(wish.value);\n", "        const saved = Promise.resolve();\n"],
  ]),
  ...mutantsOf("asks a person, ends, and goes on afresh with the decision", [
    [agent, "    ...(resume === undefined ? {} : { resume }),\n", ""],
  ]),
  ...mutantsOf("a script that throws fails its turn, with what it said", [
    [steps, "    } else this.#end ??= { error };", "    } else this.#end ??= {};"],
    [agent, 'steps.fail(error, "after")', 'steps.fail(error, "now")'],
  ]),
  ...mutantsOf("events that are none fail in the script", [[agent, "      checkEvent(event);\n", ""]]),
  ...mutantsOf("middlewares: synchronous and async, changing in place, asking twice, by name", [
    [partsRunner, "  return answer ?? (below === undefined ? turn : await below);", "  return answer ?? turn;"],
    [parts, 'script.call("middleware", [index, turn', 'script.call("middleware", [0, turn'],
  ]),
  ...mutantsOf("tools and hooks: in a session of the host", [
    [
      partsRunner,
      '  return name === "beforeToolCall" ? { args: context.call.args, ...answer } : answer;',
      "  return answer;",
    ],
  ]),
  ...mutantsOf("a tool's arguments are checked in its VM", [
    [parts, "  compileSchema(schema, place);\n  return () => undefined;", "  return compileSchema(schema, place);"],
  ]),
  ...mutantsOf("arguments that a script's tool refuses are not tried again", [[parts, ".catch(passOn)", ""]]),
  ...mutantsOf("a script that was evaluated and is refused then does not stay open", [
    ["script/load-script.ts", "    await script?.close();\n", ""],
  ]),
  ...mutantsOf("a cancel reaches a script's tool", [
    [parts, "  return signal === undefined ? { labels } : { signal, labels };", "  return { labels };"],
  ]),

  // The core's home in the VM.
  ...mutantsOf("a cancel or a timeout inside the script reaches the host's tool and engine", [
    [guest, "callTool?.(name, args, context)", "callTool?.(name, args, {})"],
  ]),
  ...mutantsOf("a session of its own, with host engine and host tool", [
    [guest, "askEngine?.(asked, turn, context)", "askEngine?.(asked, turn, {} as EngineContext)"],
  ]),
  ...mutantsOf("each finds its own marks, its own state and its own host tools", [
    [guest, "given.tools.find((one) => one.name === name)", "given.tools[0]"],
  ]),

  // In child processes.
  ...mutantsOf("kills what no interrupt stops: indexOf on a huge length", [
    [processVm, '    this.#child.kill("SIGKILL");\n', ""],
  ]),
  ...mutantsOf("tells a call that its child died", [[processVm, "    this.#tellLost(stop);\n", ""]]),
  ...mutantsOf("never sends a call that was canceled while another ran", [
    [processVm, "this.#stop !== undefined || !waiting.isWanted()", "this.#stop !== undefined"],
  ]),
];

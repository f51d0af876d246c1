// For a mutant of what is bundled for the VM: makes the bundle anew, in its copy of the project, before the suites read it.
await import("../script/generate-guest.ts");
await import("./run-suites.ts");
export {};

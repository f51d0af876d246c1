/** Global functions that stand for the host in the VM. */
export const HOST_ENGINE = "turnwireHostEngine";
export const HOST_TOOL = "turnwireHostTool";

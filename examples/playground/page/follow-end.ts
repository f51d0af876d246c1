/**
 * Keeps a scrolled box at its end while it grows, unless the person has scrolled away from there. Only scrolling says
 * that: a box that is made smaller is still to be followed.
 */
export function followEnd(box: HTMLElement): { readonly keep: () => void; readonly jump: () => void } {
  let following = true;
  let height = box.clientHeight;
  box.addEventListener("scroll", () => {
    // A scroll that a change of size has caused is nobody's wish.
    if (box.clientHeight !== height) height = box.clientHeight;
    else following = box.scrollTop + box.clientHeight >= box.scrollHeight - 40;
  });
  const jump = (): void => {
    following = true;
    box.scrollTop = box.scrollHeight;
  };
  return {
    jump,
    keep() {
      if (following) jump();
    },
  };
}

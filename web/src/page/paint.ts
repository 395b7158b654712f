/** A page that nobody looks at draws this often, in milliseconds: its title still shows the percentage. */
const HIDDEN = 250;

/** Calls once before the next painting; in a hidden tab, which paints nothing, a little later. */
export function beforePaint(draw: () => void): void {
  if (document.hidden) setTimeout(draw, HIDDEN);
  else {
    // A tab can be hidden between the request and the frame, which then would not come.
    let drawn = false;
    const once = () => {
      if (drawn) return;
      drawn = true;
      draw();
    };
    requestAnimationFrame(once);
    setTimeout(once, HIDDEN);
  }
}

import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

/** This near to the end, in pixels, counts as at the end. */
const NEAR = 24;

/** A box that stays at its end while its content grows, until one scrolls up, and again once one is back at the end. */
export interface Follow<T extends HTMLElement> {
  box: RefObject<T | null>;
  following: boolean;
  setFollowing: (following: boolean) => void;
  onScroll: () => void;
}

/** Follows the end of a box; `content` is what changes when the box grows. */
export function useFollow<T extends HTMLElement>(content: unknown): Follow<T> {
  const box = useRef<T>(null);
  const top = useRef(0);
  const [following, setFollowing] = useState(true);
  useLayoutEffect(() => {
    if (!following || !box.current) return;
    box.current.scrollTop = box.current.scrollHeight;
    top.current = box.current.scrollTop;
  }, [content, following]);
  const onScroll = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current!;
    // Not being at the end is no sign: lines may have come since. Having gone up is one.
    if (scrollHeight - scrollTop - clientHeight < NEAR) setFollowing(true);
    else if (scrollTop < top.current) setFollowing(false);
    top.current = scrollTop;
  };
  return { box, following, setFollowing, onScroll };
}

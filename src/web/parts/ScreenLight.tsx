import { useEffect, useEffectEvent, useRef, useState, type ReactNode, type RefObject } from 'react';
import { Button } from './Button.js';
import { useTexts } from '../useTexts.js';

/** How long it has to be dark before the light is offered, in ms: who turns towards a lamp needs none. */
const LASTING = 3000;

/** A camera's picture and what belongs to it, which the screen can light up, if asked to, where it is too dark. */
export function ScreenLight({ dark, children }: { dark: boolean; children: ReactNode }) {
  const offered = useLasting(dark);
  const [on, setOn] = useState(false);
  const frame = useRef<HTMLDivElement>(null);
  useAlone(frame, on, () => setOn(false));
  return (
    <div ref={frame} className={on ? 'finder lit' : 'finder'}>
      {children}
      <LightSwitch offered={offered} on={on} onChange={setOn} />
    </div>
  );
}

interface LightSwitchProps {
  offered: boolean;
  on: boolean;
  onChange: (on: boolean) => void;
}

/** Says what the light is like before it is there. */
export function LightSwitch({ offered, on, onChange }: LightSwitchProps) {
  const { t } = useTexts();
  return (
    <>
      <p className="count" role="status">
        {offered && (on ? t('light.brighter') : t('light.warning'))}
      </p>
      {offered && <Button onPress={() => onChange(!on)}>{on ? t('light.off') : t('light.on')}</Button>}
    </>
  );
}

/** Whether something has once been so for `LASTING`. */
function useLasting(so: boolean): boolean {
  const [lasted, setLasted] = useState(false);
  useEffect(() => {
    if (!so) return;
    const timer = setTimeout(() => setLasted(true), LASTING);
    return () => clearTimeout(timer);
  }, [so]);
  return lasted;
}

/** While `on`, everything beside an element is out of reach, as it is out of sight; Escape ends it. */
function useAlone(element: RefObject<HTMLElement | null>, on: boolean, onEscape: () => void): void {
  const escape = useEffectEvent(onEscape);
  useEffect(() => {
    if (!on || element.current === null) return;
    const others: Element[] = [];
    for (let at: Element = element.current; at.parentElement && at !== document.body; at = at.parentElement) {
      others.push(...[...at.parentElement.children].filter((other) => other !== at && !other.hasAttribute('inert')));
    }
    const listen = ({ key }: KeyboardEvent) => key === 'Escape' && escape();
    for (const other of others) other.setAttribute('inert', '');
    document.addEventListener('keydown', listen);
    return () => {
      for (const other of others) other.removeAttribute('inert');
      document.removeEventListener('keydown', listen);
    };
  }, [element, on]);
}

import { useId, useRef } from 'preact/hooks';

export interface TabsProps<Name extends string> {
  label: string;
  tabs: readonly { name: Name; words: string }[];
  selected: Name;
  /** Id of the element whose content the tabs choose. */
  panelId: string;
  onSelect: (name: Name) => void;
}

/** Tabs as WAI-ARIA describes them: one stop for the Tab key, and arrows, Home and End between them. */
export function Tabs<Name extends string>({ label, tabs, selected, panelId, onSelect }: TabsProps<Name>) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ name }) => name === selected);
    const forward = getComputedStyle(list.current!).direction === 'rtl' ? -1 : 1;
    const to = {
      ArrowRight: at + forward,
      ArrowLeft: at - forward,
      Home: 0,
      End: tabs.length - 1,
    }[event.key];
    if (to === undefined) {
      return;
    }
    event.preventDefault();
    const index = (to + tabs.length) % tabs.length;
    onSelect(tabs[index]!.name);
    (list.current!.children[index] as HTMLElement).focus();
  };
  return (
    <div ref={list} class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
      {tabs.map(({ name, words }) => (
        <button
          type="button"
          role="tab"
          key={name}
          id={`${id}-${name}`}
          aria-selected={name === selected}
          aria-controls={panelId}
          tabIndex={name === selected ? 0 : -1}
          onClick={() => onSelect(name)}
        >
          {words}
        </button>
      ))}
    </div>
  );
}

// Small helpers for the page's elements.

/** The element with this ID. */
export const byId = (id) => document.getElementById(id);

/** Creates an element. Text children cannot become markup. */
export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Fills a select with options. */
export function fill(select, items) {
  select.replaceChildren(...items.map(({ id, name }) => element('option', { value: id }, name)));
}

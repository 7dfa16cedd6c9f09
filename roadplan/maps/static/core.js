"use strict";
// The page's own name space, the data embedded in the page, and elements made from text.
// Nothing here or in the other scripts ever turns text into markup: names come from
// spreadsheets and are shown letter by letter, whatever they contain.

const roadplan = (() => {
  const data = JSON.parse(document.getElementById("roadplan-data").textContent);

  /**
   * Make an element.
   * @param {string} tag name of the element
   * @param {object} attributes set as attributes; `text` is set as text, `on…` as listeners
   * @param {...(Node|string)} children appended; strings become text
   */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === undefined || value === null || value === false) continue;
      if (name === "text") element.textContent = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  /** Text of a user: isolated, so that its writing direction cannot disturb its surroundings. */
  function quoted(text) {
    return make("bdi", { text });
  }

  const own = (object, key) =>
    object !== null && object !== undefined && Object.hasOwn(object, key) ? object[key] : undefined;

  // A page opened from a file or inside a notebook may not be allowed to keep anything.
  const memory = {
    get(key) {
      try {
        return window.localStorage.getItem(`roadplan.${key}`);
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        window.localStorage.setItem(`roadplan.${key}`, value);
      } catch {
        // The choice then lasts as long as the page.
      }
    },
  };

  /** The parameters of a part of the address. A plus stays one: posts are written with it. */
  function parameters(part) {
    const found = new Map();
    for (const piece of part.slice(1).split("&").filter(Boolean)) {
      const [name, ...value] = piece.split("=");
      try {
        found.set(decodeURIComponent(name), decodeURIComponent(value.join("=")));
      } catch {
        // What is no address is no parameter.
      }
    }
    return found;
  }

  /** Parameters after `?` and `#`; what stands after `#` counts more. */
  const address = {
    get(name) {
      const { hash, search } = window.location;
      return parameters(hash).get(name) || parameters(search).get(name) || null;
    },
    set(name, value) {
      const all = parameters(window.location.hash).set(name, value);
      const parts = [...all].map((pair) => pair.map(encodeURIComponent).join("="));
      try {
        window.history.replaceState(null, "", `#${parts.join("&")}`);
      } catch {
        // A notebook's frame has no address of its own.
      }
    },
  };

  const says = (query) => window.matchMedia(query).matches;

  return { data, make, quoted, own, memory, address, says };
})();

"use strict";
// The panel beside the map: layers with their legend, lists of what is on them, and the panels
// that a page adds. Every kind of panel is one function; a page may bring kinds of its own.

roadplan.panels = (() => {
  const { data, make, quoted, symbols } = roadplan;
  const { t, tn, say, bind, onChange } = roadplan.language;
  const kinds = { cards };

  function start() {
    const side = document.getElementById("rp-side");
    bind(side, () => t("Layers and tables"), "aria-label");
    side.append(section("layers", () => t("Layers and legend"), layerList(), true));
    for (const panel of data.panels) {
      const draw = kinds[panel.kind];
      if (!draw) throw new Error(`no panel of kind ${panel.kind}`);
      side.append(section(panel.id, () => say(panel.title), draw(panel.content), panel.open));
    }
    side.append(section("about", () => t("About the data"), about(), false));
    menu(side);
  }

  function section(id, title, body, open) {
    const summary = make("summary", {}, bind(make("h2"), title));
    const box = make("details", { class: "rp-section", id: `rp-section-${id}`, open }, summary, body);
    return box;
  }

  /** On a phone the panel lies over the lower part of the map and is opened with a button. */
  function menu(side) {
    const button = document.getElementById("rp-menu");
    const text = () => (side.classList.contains("rp-open") ? t("Close") : t("Layers and tables"));
    bind(button, text);
    const set = (open) => {
      side.classList.toggle("rp-open", open);
      button.setAttribute("aria-expanded", String(open));
      button.textContent = text();
    };
    set(false);
    button.addEventListener("click", () => set(!side.classList.contains("rp-open")));
    roadplan.closePanel = () => set(false);
  }

  function layerList() {
    const body = make("div", { class: "rp-layers" }, standings());
    for (const { layer, items } of roadplan.layers.entries.values()) {
      body.append(layerRow(layer, items));
    }
    const tiles = roadplan.tiles.row();
    if (tiles) body.append(tiles);
    return body;
  }

  function layerRow(layer, items) {
    const box = make("input", { type: "checkbox", id: `rp-layer-${layer.id}`, "data-layer": layer.id });
    box.checked = layer.visible;
    box.addEventListener("change", () => roadplan.layers.setVisible(layer.id, box.checked));
    roadplan.layers.onVisible((id, visible) => {
      if (id === layer.id) box.checked = visible;
    });
    const name = bind(make("label", { for: box.id }), () => say(layer.title));
    const row = make("div", { class: "rp-layer" }, make("div", { class: "rp-layer-head" }, box, name));
    if (!items.length) {
      row.append(bind(make("p", { class: "rp-none" }), () => t("Nothing in the tables")));
      return row;
    }
    row.append(legend(layer, items), itemList(layer, items));
    return row;
  }

  function legend(layer, items) {
    const list = make("ul", { class: "rp-legend" });
    const line = items.some((one) => one.station === undefined && one.route !== undefined);
    const of = (key) => items.filter((one) => !layer.by || String(one.properties[layer.by]) === key);
    const counted = Object.keys(layer.styles).some((key) => of(key).length > 1);
    for (const [key, style] of Object.entries(layer.styles)) {
      const own = of(key);
      if (!own.length && !style.always) continue;
      const hollow = own.length > 0 && own.every((one) => one.hollow);
      const symbol = symbols.key(style, { line, hollow });
      const mark = style.badge ? badgeMark(style, symbol) : symbol;
      const text = make("bdi");
      bind(text, () => say(style.label));
      const hint = style.from ? nearer(style.from) : null;
      const row = make("li", {}, mark, make("span", { class: "rp-legend-text" }, text, " ", hint));
      if (layer.by && counted) {
        row.append(bind(make("span", { class: "rp-count" }), () => String(own.length)));
      }
      list.append(row);
    }
    return list;
  }

  /** Says that a symbol is drawn only on a closer look, while it is not drawn. */
  function nearer(zoom) {
    const hint = bind(make("span", { class: "rp-nearer" }), () => t("when you zoom in"));
    const set = () => (hint.hidden = roadplan.map.getZoom() >= zoom);
    roadplan.map.on("zoomend", set);
    set();
    return hint;
  }

  function badgeMark(style, symbol) {
    const number = make("span", { class: "rp-label-badge", text: style.badge, "aria-hidden": "true" });
    number.style.backgroundColor = style.colour;
    return make("span", { class: "rp-badged" }, symbol, number);
  }

  /** Everything on a layer as buttons, for the keyboard and for looking things up. */
  function itemList(layer, items) {
    const summary = bind(make("summary"), () => tn("List: {n} entry", "List: {n} entries", items.length));
    const list = make("ul", { class: "rp-items" });
    const box = make("details", { class: "rp-list" }, summary, list);
    const fill = () => {
      if (!box.open) return;
      list.replaceChildren(...items.map((one) => make("li", {}, itemButton(one))));
    };
    box.addEventListener("toggle", fill);
    onChange(fill);
    return box;
  }

  function itemButton(one) {
    const name = quoted(roadplan.layers.nameOf(one));
    const button = make("button", { type: "button", class: "rp-item" }, name);
    if (one.route !== undefined && say(one.properties.name)) {
      const post = roadplan.posts.short(one.route, one.station ?? one.from);
      button.append(make("span", { class: "rp-item-post", text: post }));
    }
    button.addEventListener("click", () => {
      roadplan.closePanel();
      roadplan.layers.show(one);
    });
    return button;
  }

  /** What full and hollow mean. */
  function standings() {
    const solid = { colour: "#3c4650", symbol: "circle", size: 7, dash: [], width: 7, opacity: 1 };
    const entry = (hollow, text) =>
      make(
        "li",
        {},
        symbols.key({ ...solid, symbol: "" }, { line: true, hollow }),
        symbols.key(solid, { line: false, hollow }),
        bind(make("span"), text),
      );
    return make(
      "div",
      { class: "rp-standings" },
      make(
        "ul",
        { class: "rp-legend" },
        entry(false, () => t("Full: reported or measured")),
        entry(true, () => t("Hollow: estimated by a rule")),
      ),
    );
  }

  /** Cards in groups: `{groups: [{title, badge, colour, cards, older}], layer}`. */
  function cards(content) {
    const body = make("div", { class: "rp-cards" });
    const fill = () => body.replaceChildren(...parts(content));
    onChange(fill);
    fill();
    return body;
  }

  function parts(content) {
    const nodes = [];
    if (content.intro) nodes.push(make("p", { class: "rp-intro", text: say(content.intro) }));
    for (const group of content.groups) {
      const title = make("h3", {}, quoted(say(group.title)));
      if (group.badge) {
        const mark = make("span", { class: "rp-label-badge", text: group.badge });
        mark.style.backgroundColor = group.colour;
        title.prepend(mark, " ");
      }
      nodes.push(title);
      if (!group.cards.length) nodes.push(make("p", { class: "rp-none", text: say(content.nothing) }));
      nodes.push(...group.cards.map((properties) => card(content, properties)));
      if (group.older.length) {
        const older = tn("{n} earlier report", "{n} earlier reports", group.older.length);
        nodes.push(
          make(
            "details",
            { class: "rp-older" },
            make("summary", { text: older }),
            ...group.older.map((properties) => card(content, properties)),
          ),
        );
      }
    }
    return nodes;
  }

  function card(content, properties) {
    const box = make("article", { class: "rp-card" });
    const head = make("p", { class: "rp-card-head" });
    const nodes = content.head.map((field) => roadplan.fields.value(field, properties));
    nodes.filter(Boolean).forEach((node, i) => head.append(["", " ", " – "][Math.min(i, 2)], node));
    box.append(head);
    const list = make("dl", { class: "rp-values" });
    for (const field of content.fields) {
      roadplan.fields.row(list, say(field.label), roadplan.fields.value(field, properties));
    }
    roadplan.fields.origin(list, properties);
    box.append(list);
    return box;
  }

  function about() {
    const body = make("div", { class: "rp-about" });
    const fill = () => {
      const notes = data.about.map((text) => make("p", { text: say(text) }));
      const credits = data.credits.map((credit) => roadplan.credits.node(credit));
      body.replaceChildren(...notes, ...credits.map((node) => make("p", {}, node)));
    };
    onChange(fill);
    fill();
    return body;
  }

  return { start, kinds, section };
})();

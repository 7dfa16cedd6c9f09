"use strict";
// "Go to": a kilometre post, a station, or the name of a place or thing.

roadplan.search = (() => {
  const { data, make, quoted, road, posts } = roadplan;
  const { t, say, bind, onChange } = roadplan.language;
  const MOST = 12;
  const PIN = { shape: "star", size: 11, color: "#c2185b" };
  let map = null;
  let input = null;
  let results = null;
  let pin = null;
  let renderer = null;
  let asked = "";

  function start(target) {
    map = target;
    const form = document.getElementById("rp-search");
    input = make("input", {
      type: "search", id: "rp-query", autocomplete: "off", spellcheck: "false",
      enterkeyhint: "go", "aria-controls": "rp-results",
    });
    bind(input, () => t("E.g. {example} or a name", { example: example() }), "placeholder");
    bind(input, () => t("Go to a kilometre post, a station or a name"), "aria-label");
    const button = bind(make("button", { type: "submit" }), () => t("Go"));
    results = make("div", { id: "rp-results", role: "status", "aria-live": "polite", hidden: true });
    form.append(input, button, results);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      ask(input.value);
    });
    input.addEventListener("input", () => {
      if (!input.value.trim()) clear();
    });
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape") clear();
    });
    document.addEventListener("click", (event) => {
      if (!form.contains(event.target)) results.hidden = true;
    });
    onChange(() => {
      if (asked && !results.hidden) ask(asked);
    });
  }

  /** A post of this road, so that the hint is one that works. */
  function example() {
    const [range] = road.ranges();
    if (!range) return "0+000";
    return road.formatKm(Math.round((range.low + range.high) / 2 / 10) * 10 + 0.25);
  }

  function clearResults() {
    results.hidden = true;
    results.replaceChildren();
  }

  function clear() {
    asked = "";
    clearResults();
    if (pin) pin.remove();
    pin = null;
  }

  function ask(text) {
    asked = text.trim();
    if (!asked) return clear();
    const { places, isPost } = road.find(asked);
    const named = isPost ? [] : byName(asked);
    if (places.length === 1 && !named.length) {
      clearResults();
      if (roadplan.says("(pointer: coarse)")) input.blur();
      go(places[0]);
    } else if (places.length || named.length) {
      tell(
        places.length > 1 ? make("p", { text: t("This post stands at several places:") }) : null,
        make("ul", {}, ...places.map(placeChoice), ...named.slice(0, MOST).map(nameChoice)),
      );
    } else {
      tell(
        make("p", {}, isPost ? t("There is no such post on this road.") : t("Nothing found."), " ",
          quoted(asked)),
        make("p", { text: t("Posts on this road:") }),
        make("ul", {}, ...road.ranges().map((range) => make("li", { text: rangeText(range) }))),
      );
    }
  }

  const rangeText = ({ posting, route, low, high }) =>
    t("{posting}: {post}", {
      posting: posts.called(posting),
      post: `${t("km {from} – {to}", { from: road.formatKm(low), to: road.formatKm(high) })} · ` +
        posts.isolated(say(road.routes.get(route).name)),
    });

  function tell(...nodes) {
    results.replaceChildren(...nodes.filter(Boolean));
    results.hidden = false;
  }

  function placeChoice(place) {
    const own = place.posting
      ? t("{posting}: {post}", {
          posting: posts.called(place.posting),
          post: t("km {post}", { post: road.formatKm(place.km) }),
        })
      : posts.short(place.route, place.station);
    const text = `${own} · ${posts.isolated(say(road.routes.get(place.route).name))}`;
    return choice(make("bdi", { text }), () => go(place));
  }

  function byName(text) {
    const wanted = road.folded(text);
    if (!wanted) return [];
    const matches = (names) =>
      Object.values(typeof names === "object" && names ? names : {}).some((name) =>
        road.folded(String(name)).includes(wanted),
      );
    const found = data.places
      .filter((place) => matches(place.name))
      .map((place) => ({ text: () => say(place.name), go: () => look([place.xy[1], place.xy[0]], 11) }));
    for (const { items } of roadplan.layers.entries.values()) {
      for (const one of items) {
        if (!matches(one.properties.name) && one.properties.id !== text) continue;
        found.push({ text: () => roadplan.layers.nameOf(one), go: () => roadplan.layers.show(one) });
      }
    }
    return found;
  }

  const nameChoice = (found) => choice(quoted(found.text()), found.go);

  function choice(content, action) {
    const button = make("button", { type: "button", class: "rp-item" }, content);
    button.addEventListener("click", () => {
      results.hidden = true;
      action();
    });
    return make("li", {}, button);
  }

  function look(latlng, zoom) {
    if (pin) pin.remove();
    renderer = renderer || L.canvas({ padding: 0.3 });
    pin = new roadplan.symbols.Mark(latlng, { ...PIN, renderer }).addTo(map);
    map.setView(latlng, Math.max(map.getZoom(), zoom), { animate: false });
  }

  /** Go to a place on the road and say its posts. */
  function go(place) {
    look(L.latLng(road.point(place.route, place.station)), 11);
    roadplan.popup.openPlace(place);
  }

  return { start, ask, go };
})();

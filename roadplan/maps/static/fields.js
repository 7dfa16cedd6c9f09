"use strict";
// How values are written: posts, numbers with units, choices, standings; used by popups, lists
// and panels alike.

roadplan.posts = (() => {
  const { road } = roadplan;
  const { t, say, number } = roadplan.language;

  const written = ({ posting, km }) =>
    t("{posting}: {post}", { posting: called(posting), post: numbered(km) });
  const together = (text) => text.replaceAll(" ", "\u00a0");
  const numbered = (km) => together(t("km {post}", { post: road.formatKm(km) }));
  /** What a posting is called for short: its name without what stands in brackets after it. */
  const called = (posting) => isolated(say(posting.name).replace(/\s*\([^()]*\)\s*$/, "") || posting.id);
  const isolated = (text) => `\u2068${text}\u2069`;

  /**
   * The first post at a station: bare on a road of one posting, else with the name of its posting.
   * Where there is none, metres from the beginning of the route that is named.
   */
  function short(route, station) {
    const [first] = road.posts(route, station);
    if (first) return severalPostings() ? written(first) : numbered(first.km);
    const name = isolated(say(road.routes.get(route)?.name) || route);
    return t("{posting}: {post}", { posting: name, post: t("station {m} m", { m: number(station) }) });
  }

  const severalPostings = () => new Set(road.ranges().map(({ posting }) => posting.id)).size > 1;

  /** Every post at a station, one text for each posting. */
  function at(route, station) {
    return road.posts(route, station).map(written);
  }

  /** The posts of a stretch, one text for each posting that has both ends. */
  function between(route, from, to) {
    // At a break the stretch ends with the post before it.
    const last = new Map(road.posts(route, to - 0.0005).map(({ posting, km }) => [posting.id, km]));
    return road
      .posts(route, from)
      .filter(({ posting }) => last.has(posting.id))
      .map(({ posting, km }) =>
        t("{posting}: {post}", {
          posting: called(posting),
          post: together(
            t("km {from} – {to}", {
              from: road.formatKm(km),
              to: road.formatKm(last.get(posting.id)),
            }),
          ),
        }),
      );
  }

  return { short, at, between, called, isolated };
})();

roadplan.fields = (() => {
  const { make, quoted, own, posts } = roadplan;
  const { t, tn, say, number, date } = roadplan.language;
  const STANDING = { reported: "Reported", measured: "Measured", estimated: "Estimated" };

  const isEmpty = (value) => value === undefined || value === null || value === "";

  /** The value of a field as a node, or null where there is nothing to say. */
  function value(field, properties) {
    const raw = properties[field.name];
    if (isEmpty(raw)) return null;
    switch (field.kind) {
      case "choice":
        return own(field.choices, raw) ? make("span", { text: say(field.choices[raw]) }) : quoted(raw);
      case "names":
        return quoted(say(raw));
      case "number":
        return make("span", { text: measured(field, raw) });
      case "range":
        return make("span", { text: t(field.unit, { n: span(raw, field.digits) }) });
      case "count":
        return make("span", { text: tn(field.one, field.many, raw) });
      case "date":
        return make("time", { text: date(raw) });
      case "feature":
        return reference(field, raw);
      default:
        return quoted(raw);
    }
  }

  const measured = (field, raw) =>
    field.unit
      ? t(field.unit, { n: number(raw, field.digits) })
      : number(raw, field.digits);

  const span = ([low, high], digits) =>
    low === high ? number(low, digits) : `${number(low, digits)}–${number(high, digits)}`;

  /** A button that leads to another feature. */
  function reference(field, id) {
    const target = roadplan.layers.find(field.layer, id);
    if (!target) return quoted(id);
    const text = roadplan.layers.nameOf(target);
    return make("button", {
      type: "button",
      class: "rp-link",
      text,
      onclick: () => roadplan.layers.show(target),
    });
  }

  function row(list, label, ...nodes) {
    const shown = nodes.filter(Boolean);
    if (shown.length) list.append(make("dt", { text: label }), make("dd", {}, ...shown));
  }

  const lines = (texts) => texts.map((text) => make("span", { class: "rp-line", text }));

  /** Where a feature is: posts, station, length. */
  function whereabouts(list, one) {
    if (one.route === undefined) return;
    const routeName = roadplan.road.routes.get(one.route)?.name;
    if (one.from === undefined) {
      row(list, t("Post"), ...lines(posts.at(one.route, one.station)));
      const station = t("{m} m", { m: number(one.station) });
      row(list, t("Station"), make("span", { text: `${station} · ` }), quoted(say(routeName)));
      return;
    }
    row(list, t("Posts"), ...lines(posts.between(one.route, one.from, one.to)));
    const reach = t("{from} – {to} m", { from: number(one.from), to: number(one.to) });
    row(list, t("Stations"), make("span", { text: `${reach} · ` }), quoted(say(routeName)));
    const length = t("{n} km", { n: number((one.to - one.from) / 1000, 1) });
    row(list, t("Length on the map"), make("span", { text: length }));
  }

  /** What of an estimated row is reported after all, by the names of its fields. */
  function exceptions(properties, fields) {
    const columns = String(properties.reported_columns || "").split(/[;,\s]+/);
    return fields.filter((field) => columns.includes(field.name)).map((field) => say(field.label));
  }

  /** Where a value comes from; estimates say so plainly. */
  function origin(list, properties, fields = []) {
    if (properties.standing) {
      const text = t(own(STANDING, properties.standing) || properties.standing);
      row(
        list,
        t("Standing"),
        make("span", { class: "rp-standing", "data-standing": properties.standing, text }),
      );
    }
    const reported = exceptions(properties, fields);
    if (reported.length) row(list, t("Reported of it"), make("span", { text: reported.join(", ") }));
    if (properties.source) row(list, t("Source"), quoted(properties.source));
    if (properties.note) row(list, t("Note"), quoted(properties.note));
  }

  /** Everything known of a feature as a list of terms and values. */
  function all(one) {
    const list = make("dl", { class: "rp-values" });
    whereabouts(list, one);
    for (const field of one.layer.fields) row(list, say(field.label), value(field, one.properties));
    origin(list, one.properties, one.layer.fields);
    return list;
  }

  return { all, value, row, origin, STANDING };
})();

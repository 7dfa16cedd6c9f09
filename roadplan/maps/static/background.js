"use strict";
// The plain background that is always there: land, shores, rivers, region borders, the road and
// the places. Online tiles come on top of it only when they are asked for and there is a network.

roadplan.background = (() => {
  const { data, road } = roadplan;
  const { say } = roadplan.language;
  const LOOK = {
    lake: { color: "#7fb2cf", weight: 1.2, fillColor: "#c3dfee", fillOpacity: 1, fill: true },
    river: { color: "#8fc1de", weight: 1.6 },
    region_border: { color: "#94839f", weight: 1.4, dashArray: "9 4 2 4" },
  };
  const LABEL = { lake: ["water", 30], river: ["water", 12], region_border: ["region", 4] };

  function draw(map) {
    map.createPane("rp-background").style.zIndex = 250;
    map.getPane("rp-background").style.pointerEvents = "none";
    const renderer = L.canvas({ pane: "rp-background", padding: 0.3 });
    const common = { pane: "rp-background", renderer, interactive: false };
    const waters = L.layerGroup().addTo(map);
    for (const feature of data.background) {
      const points = feature.xy.map(([lon, lat]) => [lat, lon]);
      const shape = feature.kind === "lake" ? L.polygon : L.polyline;
      shape(points, { ...common, ...LOOK[feature.kind] }).addTo(waters);
    }
    drawRoad(map, common);
    drawPlaces(map, common);
    for (const feature of data.background) {
      const known = LABEL[feature.kind];
      if (known && feature.name) {
        roadplan.labels.add({
          at: [feature.label[1], feature.label[0]],
          text: () => say(feature.name),
          kind: known[0],
          rank: known[1],
          centred: feature.kind !== "region_border",
        });
      }
    }
    return waters;
  }

  function drawRoad(map, common) {
    const ends = (route) => [route.station[0], route.station[route.station.length - 1]];
    for (const [colour, extra] of [["#fff", 2.4], ["#59636f", 0]]) {
      for (const route of road.routes.values()) {
        const main = route.kind === "main";
        new roadplan.symbols.Stretch(road.line(route.id, ...ends(route)), {
          ...common,
          color: colour,
          width: (main ? 4 : 3) + extra,
          dash: route.schematic && !extra ? [7, 5] : [],
        }).addTo(map);
      }
    }
  }

  function drawPlaces(map, common) {
    const size = { city: 5.5, town: 4.2, village: 3 };
    const rank = { city: 100, town: 60, village: 20 };
    for (const place of data.places) {
      new roadplan.symbols.Mark([place.xy[1], place.xy[0]], {
        ...common,
        shape: place.kind === "village" ? "circle" : "square",
        hollow: true,
        color: "#30363d",
        size: size[place.kind] || 3,
      }).addTo(map);
      roadplan.labels.add({
        at: [place.xy[1], place.xy[0]],
        text: () => say(place.name),
        kind: place.kind,
        rank: rank[place.kind] || 10,
        limit: place.kind === "village" ? 16 : Infinity,
      });
    }
  }

  return { draw };
})();

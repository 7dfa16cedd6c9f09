"use strict";
// Puts the page together once the Folium map stands.

roadplan.start = (map) => {
  const { data, address, language } = roadplan;
  const byId = (id) => document.getElementById(id);
  roadplan.map = map;
  language.bind(byId("rp-title"), () => language.say(data.title));
  language.bind(byId("rp-subtitle"), () => language.say(data.subtitle));
  byId("rp-languages").append(language.buttons());
  roadplan.credits.start(map);
  roadplan.controls.start(map);
  roadplan.controls.fit(map, false);
  roadplan.waters = roadplan.background.draw(map);
  roadplan.layers.start(map);
  roadplan.tiles.start(map);
  roadplan.panels.start();
  roadplan.popup.start(map);
  roadplan.search.start(map);
  language.apply();
  roadplan.labels.start(map);
  // A click on the map must not draw the frame that shows the keyboard where it is.
  const byPointer = (on) => () => document.documentElement.classList.toggle("rp-pointer", on);
  document.addEventListener("pointerdown", byPointer(true));
  document.addEventListener("keydown", byPointer(false));
  const at = address.get("at");
  if (at) roadplan.search.ask(at);
  // The frame of a notebook gets its size after the page has run.
  let settled = map.getSize().y > 0;
  new ResizeObserver(() => {
    // A bar that grows or a phone that is turned must not push the road out of its frame.
    const whole = roadplan.controls.isWhole(map);
    map.invalidateSize({ pan: false });
    if ((whole || !settled) && map.getSize().y > 0) {
      settled = true;
      roadplan.controls.fit(map, false);
    }
  }).observe(map.getContainer());
  document.documentElement.dataset.ready = "yes";
};

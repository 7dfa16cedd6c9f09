"use strict";
// The little of jQuery that Folium's own popups call, so that Folium objects put on the page work.

window.$ = (what) => {
  if (what === document) return { ready: (action) => action() };
  const holder = document.createElement("template");
  holder.innerHTML = what;
  return [holder.content.firstElementChild];
};

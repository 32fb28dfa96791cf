// Keeps the live part of a page up to date. Without scripts, the browser reloads the page every few seconds.
const live = document.getElementById("live")
const stream = new EventSource(live.dataset.stream)
stream.addEventListener("live", event => { live.innerHTML = event.data }) // as escaped as the page itself
stream.addEventListener("reload", () => {
  stream.close()
  location.replace(live.dataset.page)
})
// The page that a form leads to says what was done. A reload, because of just that, would take its place.
document.addEventListener("submit", () => stream.close())

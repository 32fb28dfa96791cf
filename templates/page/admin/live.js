// Keeps the part of a page that moves up to date. Whoever runs no script has the page loaded anew now and then.
const live = document.getElementById("live")
const stream = new EventSource(live.dataset.stream)
stream.addEventListener("live", event => { live.innerHTML = event.data }) // as escaped as the page itself
stream.addEventListener("turn", () => {
  stream.close()
  location.replace(live.dataset.page)
})

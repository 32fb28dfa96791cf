// Shows times in the browser's time zone, to the second. Without scripts they are in the configured zone.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone
const { lang } = document.documentElement
const format = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { dateStyle: "medium", timeStyle: "medium" })

function showLocalTimes() {
  for (const time of document.querySelectorAll("time[datetime]:not([data-local])")) {
    time.textContent = format.format(new Date(time.dateTime))
    time.dataset.local = ""
  }
}

const hour = new Intl.DateTimeFormat(lang === "en" ? "en-GB" : lang, { timeStyle: "short" })
for (const bar of document.querySelectorAll("title[data-hour]")) { // "14:00: 42"
  bar.textContent = bar.textContent.replace(/^.*: /, hour.format(new Date(bar.dataset.hour)) + ": ")
}
for (const text of document.querySelectorAll("[data-zone]")) {
  text.textContent = text.textContent.replace(text.dataset.zone, zone)
}
for (const field of document.querySelectorAll("input[name=zone]")) {
  field.value = zone // of the times that a person enters
}
showLocalTimes()
new MutationObserver(showLocalTimes).observe(document.body, { childList: true, subtree: true }) // live.js replaces parts of the page

// A deferral needs its ground: the browser says so before the server must. And a form is sent once.
const ground = document.getElementById("ground");
for (const choice of document.querySelectorAll('[name="outcome"]')) {
  choice.addEventListener("change", () => { ground.required = choice.checked && choice.value === "DEFERRED"; });
}
for (const form of document.querySelectorAll(".actions form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
addEventListener("pageshow", () => { for (const form of document.querySelectorAll(".actions form")) delete form.dataset.sent; });

// Keeps the page as the simulator draws it, and hands over what is typed, clicked and filled in.
const where = new URLSearchParams(location.search);
const drawn = {};
const find = (id) => document.getElementById(id);

function draw(parts) {
  for (const [id, html] of Object.entries(parts)) {
    const box = find(id);
    if (!box || drawn[id] === html) continue;
    // Whoever has scrolled up goes on reading there.
    const low = drawn[id] === undefined || box.scrollHeight - box.scrollTop - box.clientHeight < 60;
    box.innerHTML = html;
    drawn[id] = html;
    if (low) box.scrollTop = box.scrollHeight;
  }
}

async function watch() {
  for (let seen = 0; ; ) {
    try {
      const told = await (await fetch(`/window/look?${where}&seen=${seen}`)).json();
      seen = told.seen;
      draw(told.parts);
      find("told").dataset.away = "";
    } catch {
      find("told").dataset.away = "The simulator is away.";
      await new Promise((done) => setTimeout(done, 1000));
    }
  }
}

// The dialog of a button that wants to be asked about.
function agreed({ title, says, yes, no }) {
  const ask = find("ask");
  const add = (tag, text, act) => {
    const one = ask.appendChild(document.createElement(tag));
    one.textContent = text;
    if (act) one.onclick = act;
    return one;
  };
  ask.replaceChildren();
  return new Promise((done) => {
    add("h3", title);
    add("p", says);
    add("button", no, () => ask.close("no"));
    add("button", yes, () => ask.close("yes")).className = "danger";
    ask.onclose = () => done(ask.returnValue === "yes");
    ask.returnValue = "no";
    ask.showModal();
  });
}

document.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const button = event.submitter;
  const fields = new URLSearchParams(new FormData(form));
  for (const name of ["as", "in"]) if (where.has(name)) fields.set(name, where.get(name));
  if (form.id === "reply") fields.set("thread", where.get("thread"));
  if (button?.dataset.title && !(await agreed(button.dataset))) return;
  if (form.classList.contains("composer")) form.reset();
  const answer = await fetch(form.getAttribute("action"), { method: "POST", body: fields });
  const told = answer.ok ? (await answer.json()).says : `refused: ${answer.status}`;
  find("told").textContent = told;
  setTimeout(() => (find("told").textContent = ""), 6000);
});
document.addEventListener("change", (event) => event.target.dataset.sends && event.target.form.requestSubmit());
for (const id of ["talk", "thread"]) if (find(id)) find(id).scrollTop = find(id).scrollHeight;
watch();

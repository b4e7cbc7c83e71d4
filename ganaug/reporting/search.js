for (const box of document.querySelectorAll("input[type=search]")) {
  const section = box.closest("section");
  const cards = [...section.querySelectorAll("[data-name]")];
  const told = section.querySelector("output");
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    let found = 0;
    for (const card of cards) {
      card.hidden = !card.dataset.name.toLowerCase().includes(wanted);
      found += !card.hidden;
    }
    told.textContent = wanted ? `${found} of ${cards.length}` : "";
  });
}

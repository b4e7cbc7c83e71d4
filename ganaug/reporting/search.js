for (const box of document.querySelectorAll("input[type=search]")) {
  const section = box.closest("section");
  const charts = [...section.querySelectorAll("[data-name]")];
  const count = section.querySelector("output");
  box.addEventListener("input", () => {
    const searched = box.value.trim().toLowerCase();
    let n_found = 0;
    for (const chart of charts) {
      chart.hidden = !chart.dataset.name.toLowerCase().includes(searched);
      n_found += !chart.hidden;
    }
    count.textContent = searched ? `${n_found} of ${charts.length}` : "";
  });
}

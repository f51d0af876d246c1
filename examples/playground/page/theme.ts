const KEY = "turnwire-theme";
const THEMES = ["system", "light", "dark"] as const;

/** Light, dark, or what the system says; the button goes through them. */
export function startTheme(button: HTMLButtonElement): void {
  let theme = THEMES.find((one) => one === localStorage.getItem(KEY)) ?? "system";
  const show = (): void => {
    if (theme === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme;
    const label = `Theme: ${theme}`;
    button.setAttribute("aria-label", label);
    button.title = label;
    button.dataset["theme"] = theme;
  };
  button.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
    localStorage.setItem(KEY, theme);
    show();
  });
  show();
}

// The side panel, which Streamlit has no call for, only its own buttons.

/** Open it, or fold it where it is open. */
const turnSidePanel = () => {
  const open = document.querySelector('[data-testid="stExpandSidebarButton"]');
  const close = document.querySelector('[data-testid="stSidebarCollapseButton"] button');
  (open ?? close)?.click();
};

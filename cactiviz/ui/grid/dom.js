// Small pieces of the page, and numbers in words. Text is set as text, never as HTML.

const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined && text !== "") element.textContent = text;
  return element;
};

const button = (className, text) => {
  const element = make("button", className, text);
  element.type = "button";
  return element;
};

/** Change a text only where it differs, so that nothing is read out twice. */
const say = (element, text) => {
  if (element.textContent !== text) element.textContent = text;
};

/** "{network} says" with the values in the place of their names. */
const filled = (template, values) =>
  template.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));

/** Three significant digits with a real minus sign, as the captions have them. */
const number = (value) => {
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(3));
  const size = Math.abs(rounded);
  const text = size >= 1e-4 && size < 1e9 ? String(rounded) : rounded.toExponential();
  return text.replace("e+", "e").replaceAll("-", "−");
};

/** Whole per cent, not rounded to nothing or to all. */
const percent = (share) => {
  if (share > 0 && share < 0.005) return "<1 %";
  if (share >= 0.995 && share < 1) return ">99 %";
  return `${Math.round(100 * share)} %`;
};

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

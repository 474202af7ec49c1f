// SPDX-License-Identifier: MIT
#include "stgmamba/config/section.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

#include "config/state.hpp"

namespace stgmamba::config {

std::string join_key(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

namespace {

/// A value as an error shows it: on one line and not endless.
std::string shown(const std::string& text) {
  constexpr std::size_t kLongest = 80;
  std::string out = text.substr(0, kLongest);
  std::replace_if(
      out.begin(), out.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  return text.size() > kLongest ? out + "..." : out;
}

}  // namespace

const Node* DocumentState::mapping(const std::string& path) {
  const Node* node = &root;
  for (std::size_t begin = 0; node != nullptr && begin < path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    node = node->find(path.substr(begin, end - begin));
    if (node != nullptr && node->kind == Node::Kind::kNull) {
      return nullptr;  // "section:" with nothing under it
    }
    if (node != nullptr && node->kind != Node::Kind::kMap) {
      throw ConfigError("{}: '{}' must be a section (key: value lines), got {}", node->where, path.substr(0, end),
                        node->kind == Node::Kind::kList ? "a list" : "'" + shown(node->text) + "'");
    }
    begin = end + 1;
  }
  return node;
}

void DocumentState::remember(const std::string& key, const std::string& value, const std::string& source) {
  const auto [at, fresh] = positions.emplace(key, records.size());
  if (fresh) {
    records.push_back({key, value, source});
  } else {
    records[at->second] = {key, value, source};
  }
}

void DocumentState::know_section(const std::string& path) {
  sections.insert(path);
}

namespace {

[[noreturn]] void refuse(const Node& node, const std::string& key, const std::string& must) {
  const std::string got = node.kind == Node::Kind::kMap ? "a section"
                          : node.kind == Node::Kind::kList
                              ? "a list"
                              : (node.quoted ? "text \"" + shown(node.text) + "\"" : "'" + shown(node.text) + "'");
  throw ConfigError("{}: '{}' must be {}, got {}", node.where, key, must, got);
}

std::string number_text(double value) {
  return fmt::format("{}", value);  // the shortest text that reads back to the same number
}

std::string range_text(const Range& range) {
  std::vector<std::string> parts;
  const auto add = [&](double bound, const char* words) {
    if (std::isfinite(bound)) {
      parts.push_back(fmt::format("{} {}", words, number_text(bound)));
    }
  };
  add(range.min, "at least");
  add(range.above, "above");
  add(range.max, "at most");
  add(range.below, "below");
  return util::join(parts, " and ");
}

bool inside(double value, const Range& range) {
  return value >= range.min && value <= range.max && value > range.above && value < range.below;
}

double to_number(const Node& node, const std::string& key, const Range& range) {
  double value = 0;
  const std::string limits = range_text(range);
  const std::string must = "a number" + (limits.empty() ? "" : " " + limits);
  if (node.kind != Node::Kind::kScalar || node.quoted || !util::parse_number(node.text, value) ||
      !std::isfinite(value) || !inside(value, range)) {
    refuse(node, key, must);
  }
  return value;
}

template <typename T>
bool parse_whole(std::string_view text, T& value) {
  long long wide = 0;
  if (!util::parse_integer(text, wide)) {
    if constexpr (std::is_unsigned_v<T>) {  // the upper half of the seeds
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      return error == std::errc() && end == text.data() + text.size();
    }
    return false;
  }
  value = static_cast<T>(wide);
  return std::in_range<T>(wide);
}

template <typename T>
T to_integer(const Node& node, const std::string& key, const Range& range) {
  T value = 0;
  const std::string limits = range_text(range);
  const std::string must = "a whole number" + (limits.empty() ? "" : " " + limits);
  if (node.kind != Node::Kind::kScalar || node.quoted || !parse_whole(node.text, value) ||
      !inside(static_cast<double>(value), range)) {
    refuse(node, key, must);
  }
  return value;
}

/// Text as YAML reads it back: quoted whenever it could be taken for something else.
std::string quote(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '_' || c == '/' || c == '.' || c == '-';
  });
  double number = 0;
  const bool special = text == "true" || text == "false" || text == "null" || util::parse_number(text, number) ||
                       (!text.empty() && (text[0] == '-' || text[0] == '.'));
  if (plain && !special) {
    return text;
  }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += std::string("\\") + c;
    } else if (const auto byte = static_cast<unsigned char>(c); byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

template <typename T, typename Show>
std::string list_text(const std::vector<T>& values, Show show) {
  std::vector<std::string> parts;
  for (const T& value : values) {
    parts.push_back(show(value));
  }
  return "[" + util::join(parts, ", ") + "]";
}

}  // namespace

Section::Section(std::shared_ptr<DocumentState> state, std::string path)
    : state_(std::move(state)), path_(std::move(path)) {
  state_->know_section(path_);
}

std::string Section::full(std::string_view key) const {
  return join_key(path_, key);
}

namespace {

/// Reads one key: `convert(node)` when present, then remembers what the field holds.
template <typename T, typename Convert, typename Show>
void read_field(DocumentState& state, const std::string& path, std::string_view key, T& field, Convert convert,
                Show show) {
  const Node* section = state.mapping(path);
  const Node* node = section == nullptr ? nullptr : section->find(key);
  std::string source = "default";
  if (node != nullptr && node->kind != Node::Kind::kNull) {
    field = convert(*node);
    source = node->where;
  }
  state.remember(join_key(path, key), show(field), source);
}

}  // namespace

void Section::read(std::string_view key, bool& field) {
  const auto convert = [&](const Node& node) {
    if (node.kind != Node::Kind::kScalar || node.quoted || (node.text != "true" && node.text != "false")) {
      refuse(node, full(key), "true or false");
    }
    return node.text == "true";
  };
  read_field(*state_, path_, key, field, convert, [](bool value) { return std::string(value ? "true" : "false"); });
}

void Section::read(std::string_view key, int& field, Range range) {
  read_field(
      *state_, path_, key, field, [&](const Node& n) { return to_integer<int>(n, full(key), range); },
      [](int value) { return std::to_string(value); });
}

void Section::read(std::string_view key, std::int64_t& field, Range range) {
  read_field(
      *state_, path_, key, field, [&](const Node& n) { return to_integer<std::int64_t>(n, full(key), range); },
      [](std::int64_t value) { return std::to_string(value); });
}

void Section::read(std::string_view key, std::uint64_t& field, Range range) {
  range.min = std::max(range.min, 0.0);
  read_field(
      *state_, path_, key, field, [&](const Node& n) { return to_integer<std::uint64_t>(n, full(key), range); },
      [](std::uint64_t value) { return std::to_string(value); });
}

void Section::read(std::string_view key, double& field, Range range) {
  read_field(
      *state_, path_, key, field, [&](const Node& n) { return to_number(n, full(key), range); }, number_text);
}

void Section::read(std::string_view key, std::string& field) {
  const auto convert = [&](const Node& node) {
    if (node.kind != Node::Kind::kScalar) {
      refuse(node, full(key), "text");
    }
    return node.text;
  };
  read_field(*state_, path_, key, field, convert, quote);
}

void Section::read(std::string_view key, std::string& field, const std::vector<std::string>& choices) {
  const auto convert = [&](const Node& node) {
    const bool known =
        node.kind == Node::Kind::kScalar && std::find(choices.begin(), choices.end(), node.text) != choices.end();
    if (!known) {
      const std::string near = node.kind == Node::Kind::kScalar ? util::nearest(node.text, choices) : "";
      const std::string got = node.kind == Node::Kind::kScalar ? "'" + shown(node.text) + "'" : "a section or list";
      throw ConfigError("{}: '{}' must be one of {}; got {}{}", node.where, full(key), util::join(choices, ", "), got,
                        near.empty() ? "" : " (did you mean '" + near + "'?)");
    }
    return node.text;
  };
  read_field(*state_, path_, key, field, convert, quote);
}

namespace {

template <typename T, typename Convert>
std::vector<T> to_list(const Node& node, const std::string& key, const char* of, Convert convert) {
  if (node.kind != Node::Kind::kList) {
    refuse(node, key, fmt::format("a list of {}", of));
  }
  std::vector<T> values;
  for (const Node& item : node.items) {
    values.push_back(convert(item));
  }
  return values;
}

}  // namespace

void Section::read(std::string_view key, std::vector<std::string>& field) {
  const auto item = [&](const Node& node) {
    if (node.kind != Node::Kind::kScalar) {
      refuse(node, full(key), "a list of texts");
    }
    return node.text;
  };
  read_field(
      *state_, path_, key, field, [&](const Node& n) { return to_list<std::string>(n, full(key), "texts", item); },
      [](const std::vector<std::string>& values) { return list_text(values, quote); });
}

void Section::read(std::string_view key, std::vector<double>& field, Range range) {
  const auto item = [&](const Node& node) { return to_number(node, full(key), range); };
  read_field(
      *state_, path_, key, field, [&](const Node& n) { return to_list<double>(n, full(key), "numbers", item); },
      [](const std::vector<double>& values) { return list_text(values, number_text); });
}

void Section::read(std::string_view key, std::vector<std::int64_t>& field, Range range) {
  const auto item = [&](const Node& node) { return to_integer<std::int64_t>(node, full(key), range); };
  const auto show = [](std::int64_t value) { return std::to_string(value); };
  read_field(
      *state_, path_, key, field,
      [&](const Node& n) { return to_list<std::int64_t>(n, full(key), "whole numbers", item); },
      [&](const std::vector<std::int64_t>& values) { return list_text(values, show); });
}

bool Section::has(std::string_view key) const {
  const Node* section = state_->mapping(path_);
  const Node* node = section == nullptr ? nullptr : section->find(key);
  return node != nullptr && node->kind != Node::Kind::kNull;
}

std::vector<std::string> Section::keys() const {
  std::vector<std::string> names;
  if (const Node* section = state_->mapping(path_)) {
    for (const auto& [key, value] : section->entries) {
      names.push_back(key);
    }
  }
  return names;
}

Section Section::section(std::string_view key) const {
  const std::string path = full(key);
  state_->mapping(path);  // something else than a section there is an error now, not at the first read
  return Section(state_, path);
}

std::string Section::where(std::string_view key) const {
  const Node* section = state_->mapping(path_);
  const Node* node = section == nullptr ? nullptr : section->find(key);
  return node != nullptr ? node->where : section != nullptr ? section->where : state_->root.where;
}

}  // namespace stgmamba::config

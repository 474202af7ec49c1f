// SPDX-License-Identifier: MIT
#include "support/xml.hpp"

#include <algorithm>
#include <regex>
#include <vector>

namespace stgmamba::test {

std::string xml_problem(const std::string& text) {
  const std::regex tag(R"re(^<(/?)([A-Za-z:_][\w:.-]*)((\s+[\w:.-]+\s*=\s*("[^"<]*"|'[^'<]*'))*)\s*(/?)>$)re");
  const std::regex reference("^&(amp|lt|gt|quot|apos|#[0-9]+|#x[0-9A-Fa-f]+);");
  std::vector<std::string> open;
  int roots = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '&' && !std::regex_search(text.substr(at, 12), reference)) {
      return "a bare ampersand at " + std::to_string(at);
    }
    if (text[at] != '<') {
      continue;
    }
    const std::size_t end = text.find('>', at);
    if (end == std::string::npos) {
      return "a tag that does not end";
    }
    const std::string whole = text.substr(at, end - at + 1);
    at = end;
    if (whole.rfind("<?", 0) == 0 || whole.rfind("<!", 0) == 0) {
      continue;
    }
    // Attribute values may be megabytes (pictures), too long for a regular expression: they are cut short.
    std::string brief;
    for (std::size_t i = 0, inside = 0; i < whole.size(); ++i) {
      inside = whole[i] == '"' ? 0 : inside + 1;
      if (inside < 40 || i + 1 == whole.size()) {
        brief += whole[i];
      }
    }
    std::smatch match;
    if (!std::regex_match(brief, match, tag)) {
      return "no tag: " + brief.substr(0, 80);
    }
    if (match[1].length() > 0) {
      if (open.empty() || open.back() != match[2]) {
        return "</" + match[2].str() + "> closes nothing";
      }
      open.pop_back();
    } else if (match[6].length() == 0) {
      roots += open.empty() ? 1 : 0;
      open.push_back(match[2]);
    }
  }
  if (!open.empty()) {
    return "<" + open.back() + "> stays open";
  }
  return roots == 1 ? "" : std::to_string(roots) + " roots";
}

}  // namespace stgmamba::test

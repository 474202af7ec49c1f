// SPDX-License-Identifier: MIT
// Boards as text, Markdown, CSV, LaTeX and JSON.
#include <algorithm>
#include <cmath>
#include <limits>

#include "stgmamba/eval/board.hpp"
#include "stgmamba/util/error.hpp"
#include "stgmamba/util/text.hpp"

namespace stgmamba::eval {

namespace {

using metrics::Interval;
using metrics::MetricCard;

std::string number(double value) {
  if (std::isnan(value)) {
    return "-";
  }
  const double size = std::abs(value);
  if (size < 5e-4) {
    return "0.000";  // never "-0.000"
  }
  return size >= 100  ? fmt::format("{:.0f}", value)
         : size >= 10 ? fmt::format("{:.1f}", value)
                      : fmt::format("{:.3f}", value);
}

std::string span(const Interval& interval) {
  return std::isnan(interval.low) ? "" : fmt::format(" [{}, {}]", number(interval.low), number(interval.high));
}

const char* arrow(metrics::Direction direction) {
  return direction == metrics::Direction::kHigher  ? "higher"
         : direction == metrics::Direction::kLower ? "lower"
                                                   : "real";
}

/// "paper 0.684, +0.021", or nothing.
std::string beside(const BoardCell& cell) {
  if (!cell.paper) {
    return "";
  }
  return std::isnan(cell.ours.value) ? fmt::format("paper {:g}", *cell.paper)
                                     : fmt::format("paper {:g}, {:+.3g}", *cell.paper, cell.ours.value - *cell.paper);
}

/// Whether a row's difference from `against` is more than chance: "+" ahead, "-" behind, by the metric's direction.
std::string mark(const MetricCard& card, const BoardCell& cell) {
  if (!cell.ahead.excludes(0.0) || card.direction == metrics::Direction::kAsReal) {
    return "";
  }
  return (cell.ahead.value > 0) == (card.direction == metrics::Direction::kHigher) ? " +" : " -";
}

std::string body(const Board& board, const BoardRow& row, std::size_t c) {
  const BoardCell& cell = row.cells[c];
  const std::string text = number(cell.ours.value) + span(cell.ours) + mark(board.cards[c], cell);
  return board.informative[c] || std::isnan(cell.ours.value) ? text : "(" + text + ")";
}

/// Everything under a table: what is missing, greyed, compared, and how paper and ours relate.
std::vector<std::string> footnotes(const Board& board) {
  std::vector<std::string> lines;
  for (const BoardRow& row : board.rows) {
    if (!row.missing.empty()) {
      lines.push_back(fmt::format("{}: {}", row.label, row.missing));
    }
    if (!row.note.empty()) {
      lines.push_back(fmt::format("{}: {}", row.label, row.note));
    }
  }
  std::vector<std::string> grey;
  for (std::size_t c = 0; c < board.cards.size(); ++c) {
    if (!board.informative[c]) {
      grey.push_back(board.cards[c].title);
    }
  }
  if (!grey.empty()) {
    lines.push_back(
        fmt::format("(uninformative here): real dances score no better with their own song than with "
                    "another one: {}",
                    util::join(grey, ", ")));
  }
  const bool compared = std::any_of(board.rows.begin(), board.rows.end(), [](const BoardRow& row) {
    return std::any_of(row.cells.begin(), row.cells.end(),
                       [](const BoardCell& cell) { return !std::isnan(cell.ahead.low); });
  });
  if (compared) {
    lines.push_back(
        fmt::format("+, -: ahead of or behind {}; the interval of the paired difference excludes 0", board.against));
  }
  const bool paper = std::any_of(board.rows.begin(), board.rows.end(), [](const BoardRow& row) {
    return std::any_of(row.cells.begin(), row.cells.end(),
                       [](const BoardCell& cell) { return cell.paper.has_value(); });
  });
  if (paper) {
    lines.emplace_back(
        "paper's numbers come from other data and unpublished constants: ours are not expected to equal "
        "them (docs/metrics.md)");
  }
  if (!board.rows.empty()) {
    const metrics::ScoreSample& sample = board.rows.front().sample;
    lines.push_back(fmt::format("{} {}, data {}; {:g} % intervals over {}", sample.clips, sample.what, sample.data,
                                100 * sample.level, sample.drawn));
  }
  lines.insert(lines.end(), board.notes.begin(), board.notes.end());
  return lines;
}

std::string text_of(const Board& board) {
  std::vector<std::vector<std::string>> lines(1);
  lines[0] = {""};
  for (const MetricCard& card : board.cards) {
    lines[0].push_back(
        fmt::format("{}{} ({})", card.title, card.unit.empty() ? "" : ", " + card.unit, arrow(card.direction)));
  }
  for (const BoardRow& row : board.rows) {
    std::vector<std::string> first = {row.label}, second = {""};
    bool any = false;
    for (std::size_t c = 0; c < board.cards.size(); ++c) {
      first.push_back(body(board, row, c));
      second.push_back(beside(row.cells[c]));
      any = any || !second.back().empty();
    }
    lines.push_back(std::move(first));
    if (any) {
      lines.push_back(std::move(second));
    }
  }
  std::vector<std::size_t> width(board.cards.size() + 1, 0);
  for (const auto& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      width[i] = std::max(width[i], line[i].size());
    }
  }
  std::string out = board.title + "\n";
  for (const auto& line : lines) {
    std::string row;
    for (std::size_t i = 0; i < line.size(); ++i) {
      row += fmt::format("{:<{}}  ", line[i], width[i]);
    }
    out += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  return out + util::join(footnotes(board), "\n");
}

/// A cell of a Markdown table: a bar would end it.
std::string markdown_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c == '|' ? "\\|" : std::string(1, c);
  }
  return out;
}

std::string markdown_of(const Board& board) {
  std::string out = fmt::format("**{}**\n\n| |", board.title);
  std::string rule = "|---|";
  for (const MetricCard& card : board.cards) {
    out += fmt::format(" {}{} ({}) |", markdown_text(card.title), card.unit.empty() ? "" : ", " + card.unit,
                       arrow(card.direction));
    rule += "---|";
  }
  out += "\n" + rule + "\n";
  for (const BoardRow& row : board.rows) {
    out += fmt::format("| {} |", markdown_text(row.label));
    for (std::size_t c = 0; c < board.cards.size(); ++c) {
      const std::string paper = beside(row.cells[c]);
      out += fmt::format(" {}{} |", body(board, row, c), paper.empty() ? "" : "<br>" + paper);
    }
    out += "\n";
  }
  out += "\n";
  for (const std::string& line : footnotes(board)) {
    out += "- " + line + "\n";
  }
  return out;
}

std::string csv_number(double value) {
  return std::isnan(value) ? "" : fmt::format("{}", value);
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    out += c == '"' ? "\"\"" : std::string(1, c);
  }
  return out + "\"";
}

std::string csv_of(const Board& board) {
  std::string out =
      "row,label,metric,unit,direction,ours,low,high,paper,difference,against,ahead,ahead_low,ahead_high,"
      "informative,clips,missing\n";
  for (const BoardRow& row : board.rows) {
    for (std::size_t c = 0; c < board.cards.size(); ++c) {
      const BoardCell& cell = row.cells[c];
      const MetricCard& card = board.cards[c];
      const double paper = cell.paper.value_or(std::numeric_limits<double>::quiet_NaN());
      out +=
          fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", row.name, quoted(row.label), card.name,
                      card.unit, arrow(card.direction), csv_number(cell.ours.value), csv_number(cell.ours.low),
                      csv_number(cell.ours.high), csv_number(paper), csv_number(cell.ours.value - paper), board.against,
                      csv_number(cell.ahead.value), csv_number(cell.ahead.low), csv_number(cell.ahead.high),
                      board.informative[c] ? "yes" : "no", row.sample.clips, quoted(row.missing));
    }
  }
  return out;
}

std::string tex_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c == '_' || c == '%' || c == '&' || c == '#' ? std::string("\\") + c
           : c == '^' || c == '~'                       ? fmt::format("\\{}{{}}", c)
           : c == '|'                                   ? std::string("$|$")
                                                        : std::string(1, c);
  }
  return out;
}

std::string tex_of(const Board& board) {
  std::string out = "\\begin{tabular}{l" + std::string(board.cards.size(), 'r') + "}\n\\hline\n";
  for (const MetricCard& card : board.cards) {
    const char* sign = card.direction == metrics::Direction::kHigher  ? " $\\uparrow$"
                       : card.direction == metrics::Direction::kLower ? " $\\downarrow$"
                                                                      : "";
    out += " & " + tex_text(card.title) + sign;
  }
  out += " \\\\\n\\hline\n";
  for (const BoardRow& row : board.rows) {
    out += tex_text(row.label);
    for (std::size_t c = 0; c < board.cards.size(); ++c) {
      const BoardCell& cell = row.cells[c];
      std::string text = number(cell.ours.value) + span(cell.ours);
      text = board.informative[c] ? text : fmt::format("\\textcolor{{gray}}{{{}}}", text);
      out += fmt::format(" & {}{}", text, cell.paper ? fmt::format(" ({:g})", *cell.paper) : "");
    }
    out += " \\\\\n";
  }
  out += "\\hline\n\\end{tabular}\n";
  for (const std::string& line : footnotes(board)) {
    out += "% " + line + "\n";
  }
  return out;
}

}  // namespace

std::string render(const Board& board, const std::string& format) {
  if (format == "text") {
    return text_of(board);
  }
  if (format == "md") {
    return markdown_of(board);
  }
  if (format == "csv") {
    return csv_of(board);
  }
  if (format == "tex") {
    return tex_of(board);
  }
  if (format == "json") {
    return to_json(board).dump(2, ' ', false, io::Json::error_handler_t::replace);
  }
  throw UsageError("--format must be text, md, csv, tex or json, got '{}'", format);
}

}  // namespace stgmamba::eval

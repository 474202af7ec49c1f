// SPDX-License-Identifier: MIT
// Boards to JSON and back: with every card, so that a later reader can tell what compares.
#include <limits>

#include "stgmamba/eval/board.hpp"
#include "stgmamba/util/error.hpp"

namespace stgmamba::eval {

namespace {

using io::Json;
using metrics::Interval;
using metrics::MetricCard;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Json to_json(const Interval& interval) {  // NaN becomes null
  return {{"value", interval.value}, {"low", interval.low}, {"high", interval.high}};
}

double number(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number() ? found->get<double>() : kNan;
}

Interval interval_from(const Json& object) {
  return {number(object, "value"), number(object, "low"), number(object, "high")};
}

Json card_json(const MetricCard& card, bool informative) {
  return {{"name", card.name},
          {"title", card.title},
          {"unit", card.unit},
          {"definition", card.definition},
          {"version", card.version},
          {"direction", metrics::direction_text(card.direction)},
          {"hears_music", card.hears_music},
          {"informative", informative},
          {"constants", card.constants},
          {"files", card.files}};
}

MetricCard card_from(const Json& object) {
  MetricCard card;
  card.name = object.at("name").get<std::string>();
  card.title = object.at("title").get<std::string>();
  card.unit = object.at("unit").get<std::string>();
  card.definition = object.at("definition").get<std::string>();
  card.version = object.at("version").get<int>();
  card.hears_music = object.at("hears_music").get<bool>();
  card.constants = object.at("constants").get<std::map<std::string, double>>();
  card.files = object.value("files", std::map<std::string, std::string>());  // tables of images alone have some
  const auto text = object.at("direction").get<std::string>();
  for (const auto direction : {metrics::Direction::kHigher, metrics::Direction::kLower, metrics::Direction::kAsReal}) {
    card.direction = metrics::direction_text(direction) == text ? direction : card.direction;
  }
  return card;
}

Json row_json(const Board& board, const BoardRow& row) {
  Json scores = Json::object();
  for (std::size_t c = 0; c < board.cards.size(); ++c) {
    const BoardCell& cell = row.cells[c];
    Json score = to_json(cell.ours);
    if (cell.paper) {
      score["paper"] = *cell.paper;
      score["difference"] = cell.ours.value - *cell.paper;
    }
    if (!board.against.empty()) {
      score["ahead"] = to_json(cell.ahead);
    }
    scores[board.cards[c].name] = std::move(score);
  }
  return {{"name", row.name},
          {"label", row.label},
          {"reference", row.reference},
          {"missing", row.missing},
          {"note", row.note},
          {"sample",
           {{"data", row.sample.data},
            {"clips", row.sample.clips},
            {"seeds", row.sample.seeds},
            {"replicates", row.sample.replicates},
            {"level", row.sample.level},
            {"what", row.sample.what},
            {"drawn", row.sample.drawn}}},
          {"scores", std::move(scores)}};
}

BoardRow row_from(const Json& object, const std::vector<MetricCard>& cards) {
  BoardRow row;
  row.name = object.at("name").get<std::string>();
  row.label = object.at("label").get<std::string>();
  row.reference = object.at("reference").get<bool>();
  row.missing = object.at("missing").get<std::string>();
  row.note = object.at("note").get<std::string>();
  const Json& sample = object.at("sample");
  row.sample = {sample.at("data").get<std::string>(),
                sample.at("clips").get<std::int64_t>(),
                sample.at("seeds").get<std::vector<std::uint64_t>>(),
                sample.at("replicates").get<int>(),
                sample.at("level").get<double>(),
                sample.value("what", row.sample.what),
                sample.value("drawn", row.sample.drawn)};
  for (const MetricCard& card : cards) {
    const Json& score = object.at("scores").at(card.name);
    BoardCell cell{interval_from(score), {}, {kNan, kNan, kNan}};
    if (score.contains("paper")) {
      cell.paper = score.at("paper").get<double>();
    }
    if (score.contains("ahead")) {
      cell.ahead = interval_from(score.at("ahead"));
    }
    row.cells.push_back(cell);
  }
  return row;
}

}  // namespace

Json to_json(const Board& board) {
  Json cards = Json::array(), rows = Json::array();
  for (std::size_t c = 0; c < board.cards.size(); ++c) {
    cards.push_back(card_json(board.cards[c], board.informative[c]));
  }
  for (const BoardRow& row : board.rows) {
    rows.push_back(row_json(board, row));
  }
  return {{"title", board.title},
          {"against", board.against},
          {"metrics", std::move(cards)},
          {"rows", std::move(rows)},
          {"notes", board.notes}};
}

Board read_board(const std::filesystem::path& path) {
  const Json document = io::read_json(path);
  try {
    Board board;
    board.title = document.at("title").get<std::string>();
    board.against = document.at("against").get<std::string>();
    for (const Json& card : document.at("metrics")) {
      board.cards.push_back(card_from(card));
      board.informative.push_back(card.at("informative").get<bool>());
    }
    for (const Json& row : document.at("rows")) {
      board.rows.push_back(row_from(row, board.cards));
    }
    board.notes = document.at("notes").get<std::vector<std::string>>();
    return board;
  } catch (const Json::exception& error) {
    throw DataError("{}: must be a table that stg_eval --format json wrote: {}", path.string(), error.what());
  }
}

}  // namespace stgmamba::eval

//! Rows for users and resources: a JSON array of objects, or CSV with a header row.

use indexmap::IndexMap;
use serde_json::Value;

use super::schema::Map;

/// Why a text is no table. Says row and column, never what stands there: it may be a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    #[error("it is empty; write a JSON array of objects, or CSV with a header row")]
    Empty,
    #[error("it is not JSON (line {line}, column {column}: {reason})")]
    Json { line: usize, column: usize, reason: &'static str },
    #[error("row {row} is {found}; each row is an object, as `{{ \"name\": \"a\" }}`")]
    NotAnObject { row: usize, found: &'static str },
    #[error("it is {found}; write an array of objects: `[ {{ \"name\": \"a\" }} ]`")]
    NotAnArray { found: &'static str },
    #[error("the header row has no name for column {column}")]
    NamelessColumn { column: usize },
    #[error("the header row names `{name}` twice, in columns {first} and {second}")]
    DuplicateColumn { name: String, first: usize, second: usize },
    #[error(
        "row {row} (line {line}) has {found} columns, and the header row has {expected}; quote values that hold a comma"
    )]
    RowLength { row: usize, line: u64, found: u64, expected: u64 },
    #[error("row {row} (line {line}) is not UTF-8 text")]
    NotText { row: usize, line: u64 },
    #[error("it has no rows")]
    NoRows,
}

/// The rows of a JSON array of objects, or of CSV with a header row; of CSV all values are text. Rows count from 1,
/// the header row not counted. Text that begins with `[` or `{` is JSON.
///
/// # Errors
///
/// When the text is neither, or has no rows.
pub fn rows(text: &str) -> Result<Vec<Map<Value>>, TableError> {
    let text = text.trim_start_matches('\u{feff}');
    let rows = match text.trim_start().chars().next() {
        None => return Err(TableError::Empty),
        Some('[' | '{') => json_rows(text)?,
        Some(_) => csv_rows(text)?,
    };
    if rows.is_empty() { Err(TableError::NoRows) } else { Ok(rows) }
}

/// The items of a JSON array, whatever they are: resources may be plain ids.
///
/// # Errors
///
/// When the text is not a JSON array.
pub fn json_items(text: &str) -> Result<Vec<Value>, TableError> {
    match serde_json::from_str(text.trim_start_matches('\u{feff}')) {
        Ok(Value::Array(items)) => Ok(items),
        Ok(other) => Err(TableError::NotAnArray { found: kind(&other) }),
        Err(error) => Err(TableError::Json { line: error.line(), column: error.column(), reason: reason(&error) }),
    }
}

/// Items of any kind from a JSON array, or the rows of CSV as objects.
///
/// # Errors
///
/// When the text is neither, or has no items.
pub fn items(text: &str) -> Result<Vec<Value>, TableError> {
    let items = match text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).chars().next() {
        Some('[' | '{') => json_items(text)?,
        _ => rows(text)?.into_iter().map(|row| Value::Object(row.into_iter().collect())).collect(),
    };
    if items.is_empty() { Err(TableError::NoRows) } else { Ok(items) }
}

fn json_rows(text: &str) -> Result<Vec<Map<Value>>, TableError> {
    let row = |(index, item)| match item {
        Value::Object(fields) => Ok(fields.into_iter().collect()),
        other => Err(TableError::NotAnObject { row: index + 1, found: kind(&other) }),
    };
    json_items(text)?.into_iter().enumerate().map(row).collect()
}

/// Serde's own message may quote the text.
fn reason(error: &serde_json::Error) -> &'static str {
    if error.is_eof() { "it ends too early" } else { "this cannot stand here" }
}

fn csv_rows(text: &str) -> Result<Vec<Map<Value>>, TableError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::Headers).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| csv_error(&error, 0))?.clone();
    for (index, name) in header.iter().enumerate() {
        if name.is_empty() {
            return Err(TableError::NamelessColumn { column: index + 1 });
        }
        if let Some(first) = header.iter().take(index).position(|other| other == name) {
            return Err(TableError::DuplicateColumn { name: name.to_owned(), first: first + 1, second: index + 1 });
        }
    }
    let row = |(index, record): (usize, Result<csv::StringRecord, csv::Error>)| {
        let record = record.map_err(|error| csv_error(&error, index + 1))?;
        let fields = header.iter().zip(&record);
        Ok(fields.map(|(name, value)| (name.to_owned(), Value::String(value.to_owned()))).collect::<IndexMap<_, _>>())
    };
    reader.records().enumerate().map(row).collect()
}

fn csv_error(error: &csv::Error, row: usize) -> TableError {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            TableError::RowLength { row, line, found: *len, expected: *expected_len }
        }
        _ => TableError::NotText { row, line },
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a flag",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let found = rows(text).map(|rows| serde_json::to_string(&rows).expect("rows are JSON"));
        assert_eq!(
            found.map_err(|error| error.to_string()),
            expected.map(str::to_owned).map_err(str::to_owned),
            "{text}"
        );
    }

    #[test]
    fn tables_are_json_or_csv() {
        check(r#" [{"name":"a","n":1}]"#, Ok(r#"[{"name":"a","n":1}]"#));
        check(
            "name, password\na,\"x,y\"\nb, 1\n",
            Ok(r#"[{"name":"a","password":"x,y"},{"name":"b","password":" 1"}]"#),
        );
        check("\u{feff}id\r\nx\r\n", Ok(r#"[{"id":"x"}]"#));
    }

    #[test]
    fn faults_are_placed() {
        check(" \n", Err("it is empty; write a JSON array of objects, or CSV with a header row"));
        check("[{\"a\":1},\n  {]", Err("it is not JSON (line 2, column 4: this cannot stand here)"));
        check("[{\"a\":1}", Err("it is not JSON (line 1, column 8: it ends too early)"));
        check("[{\"a\":1},\"hunter22\"]", Err("row 2 is text; each row is an object, as `{ \"name\": \"a\" }`"));
        check("{\"a\":1}", Err("it is an object; write an array of objects: `[ { \"name\": \"a\" } ]`"));
        check("name,,x\na,b,c", Err("the header row has no name for column 2"));
        check("name,x,name\na,b,c", Err("the header row names `name` twice, in columns 1 and 3"));
        check(
            "name,x\na,b\nc,d,e",
            Err("row 2 (line 3) has 3 columns, and the header row has 2; quote values that hold a comma"),
        );
        check("name,x\n", Err("it has no rows"));
        check("[]", Err("it has no rows"));
    }
}

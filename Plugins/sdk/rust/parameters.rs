//! Parameters as the host gives them: one JSON object, checked against the manifest, the defaults filled in.

/// Reads the members of the top level. A key that is absent or of another type answers the fallback.
pub struct Parameters {
    json: String,
}

impl Parameters {
    /// The parameters of a JSON object; for tests, `Parameters::new("{\"limit\": 3}")`.
    pub fn new(json: impl Into<String>) -> Self {
        Parameters { json: json.into() }
    }

    /// The whole object, for a JSON crate.
    pub fn json(&self) -> &str {
        &self.json
    }

    pub fn integer(&self, key: &str, fallback: i64) -> i64 {
        self.member(key).and_then(|text| text.parse().ok()).unwrap_or(fallback)
    }

    pub fn real(&self, key: &str, fallback: f64) -> f64 {
        // What `parse` takes beside JSON's numbers, `inf` and `nan`, begins with a letter.
        self.member(key)
            .filter(|text| text.starts_with(|first: char| first == '-' || first.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .unwrap_or(fallback)
    }

    pub fn boolean(&self, key: &str, fallback: bool) -> bool {
        self.member(key).and_then(|text| text.parse().ok()).unwrap_or(fallback)
    }

    pub fn string(&self, key: &str, fallback: &str) -> String {
        self.member(key).and_then(unescaped).unwrap_or_else(|| fallback.to_string())
    }

    /// The text of a member's value, quotes included.
    fn member(&self, key: &str) -> Option<&str> {
        let mut rest = self.json.trim_start().strip_prefix('{')?;
        loop {
            rest = rest.trim_start();
            let name = &rest[..value_end(rest)];
            rest = rest[name.len()..].trim_start().strip_prefix(':')?.trim_start();
            let value = &rest[..value_end(rest)];
            if unescaped(name)? == key {
                return Some(value);
            }
            rest = rest[value.len()..].trim_start().strip_prefix(',')?;
        }
    }
}

/// Where the JSON value at the start of `text` ends.
fn value_end(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    quoted = false;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' | b':' | b' ' | b'\n' | b'\t' | b'\r' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// The text of a JSON string.
fn unescaped(json: &str) -> Option<String> {
    let mut characters = json.strip_prefix('"')?.strip_suffix('"')?.chars();
    let mut units: Vec<u16> = Vec::new();
    let mut buffer = [0u16; 2];
    while let Some(character) = characters.next() {
        let plain = match character {
            '\\' => match characters.next()? {
                'b' => '\u{8}',
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                'u' => {
                    let digits: String = characters.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&digits, 16).ok()?);
                    continue;
                }
                other => other,
            },
            other => other,
        };
        units.extend_from_slice(plain.encode_utf16(&mut buffer));
    }
    Some(String::from_utf16_lossy(&units))
}

#[cfg(test)]
mod tests {
    use super::Parameters;

    #[test]
    fn members_of_every_type() {
        let parameters = Parameters::new(
            r#" {"a": [1, {"n": 9}], "n" : -3, "x":2.5e1, "b": true, "s": "q\"\u00e9\ud83c\udf0a\n" } "#,
        );
        assert_eq!(parameters.integer("n", 0), -3);
        assert_eq!(parameters.real("x", 0.0), 25.0);
        assert_eq!(parameters.real("n", 0.0), -3.0);
        assert!(parameters.boolean("b", false));
        assert_eq!(parameters.string("s", ""), "q\"é🌊\n");
    }

    #[test]
    fn what_is_absent_answers_the_fallback() {
        for json in ["", "{}", "[]", "{\"other\": 1}", "{\"n\": \"text\"}", "{\"n\"", "{\"n\": inf}"] {
            let parameters = Parameters::new(json);
            assert_eq!(parameters.integer("n", 7), 7, "{json}");
            assert_eq!(parameters.real("n", 7.0), 7.0, "{json}");
        }
    }
}

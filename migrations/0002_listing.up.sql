-- What the listing is searched by: one narrow row per listed vehicle, kept by triggers.
--
-- A row of inventario_cache is some kilobytes wide (data, photos, description), so counting and sorting read the narrow table, and
-- only the vehicles of one page are fetched from the wide one. Whoever writes inventario_cache need not know of it.

-- Text taken apart, without marks and without what nobody sees, with one kind of hyphen and no sign of multiplication (4×4).
create or replace function vitrina_plain(text) returns text
language sql immutable parallel safe as $$
    select translate(
        regexp_replace(normalize($1, NFKD), '[\u00ad\u0300-\u036f\u0483-\u0489\u061c\u180b-\u180f\u1ab0-\u1aff\u1dc0-\u1dff\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\ufeff]', '', 'g'),
        U&'\2010\2012\2013\2212\00d7', '----x'
    )
$$;

-- Letters that Unicode does not take apart: small, without strokes, and what is two letters in one as two.
create or replace function vitrina_small(text) returns text
language sql immutable parallel safe as $$
    select replace(replace(replace(replace(replace(
        translate(
            $1,
            'ØøŁłĐđĦħŦŧıςÆÐÞŊŒƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƢƤƦƧƩƬƮƱƲƳƵƷƸƼǤǶǷȜȠȢȤȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩϏ'
                || 'ϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿЂЄЅІЈЉЊЋЏАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾ'
                || 'ӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓՔՕՖẞỺỼỾ',
            'oollddhhttiσæðþŋœɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵƣƥʀƨʃƭʈʊʋƴƶʒƹƽǥƕƿȝƞȣȥⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳαβγδεζηθικλμνξοπρστυφχψωϗ'
                || 'ϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽђєѕіјљњћџабвгдежзиклмнопрстуфхцчшщъыьэюяѡѣѥѧѩѫѭѯѱѳѵѹѻѽѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿ'
                || 'ӏӄӆӈӊӌӎӕәӡөӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆßỻỽỿ'
        ), 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), 'ð', 'd')
$$;

-- The same for alphabets that few write: a table that is looked through only where it may matter.
create or replace function vitrina_small_rare(text) returns text
language sql immutable parallel safe as $$
    select translate(
        $1,
        'ႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛ'
            || 'ᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿℲↃⰀⰁⰂⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙ'
            || 'ⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⰯⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒ'
            || 'ꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺ'
            || 'ꞼꞾꟀꟂꟄꟅꟆꟇꟉꟐꟖꟘꟵ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐕰𐕱𐕲𐕳𐕴𐕵𐕶𐕷𐕸𐕹𐕺'
            || '𐕼𐕽𐕾𐕿𐖀𐖁𐖂𐖃𐖄𐖅𐖆𐖇𐖈𐖉𐖊𐖌𐖍𐖎𐖏𐖐𐖑𐖒𐖔𐖕𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸'
            || '𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞𞤟𞤠𞤡',
        'ⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫ'
            || 'ꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿⅎↄⰰⰱⰲⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉ'
            || 'ⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱟⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓ'
            || 'ꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻ'
            || 'ꞽꞿꟁꟃꞔʂᶎꟈꟊꟑꟗꟙꟶ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐖗𐖘𐖙𐖚𐖛𐖜𐖝𐖞𐖟𐖠𐖡'
            || '𐖣𐖤𐖥𐖦𐖧𐖨𐖩𐖪𐖫𐖬𐖭𐖮𐖯𐖰𐖱𐖳𐖴𐖵𐖶𐖷𐖸𐖹𐖻𐖼𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘'
            || '𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀𞥁𞥂𞥃'
    )
$$;

-- Text as it is compared. The tables are looked through only where one of their letters may stand, or come out of one that is taken apart. Not
-- strict, so that it is built into the statements that call it; of null it is null. `domain::fold` in Rust does the same; a test compares them.
create or replace function vitrina_fold(text) returns text
language sql immutable parallel safe as $$
    select btrim(lower(
        case
            when $1 ~ '[\u10a0-\u1cff\u2100-\u218f\u2c00-\u2dff\ua640-\uabff\U00010400-\U0001efff]' then vitrina_small(vitrina_small_rare(vitrina_plain($1)))
            when $1 ~ '[ÆÐÞØßæðþø\u0100-\u1fff\u207b\u208b\u2100-\u218f\u2c00-\u2dff\u3300-\u33ff\ua640-\uabff\U00010000-\U0001efff]' then vitrina_small(vitrina_plain($1))
            else vitrina_plain($1)
        end collate "C"
    ), E' \t\n\r')
$$;

-- `offset 0` keeps the planner from writing what is computed once into all places where it is used.
--
-- The words of a text, as often as they stand there; at most 60 characters of each. What stands between marks is a word, what hyphens join is one
-- more from each of its parts on, and so is a number with a point: `Mazda-CX-5 2.5L` has the words mazda, cx, 5, 2, 5l, mazdacx5, cx5 and 2.5l. Two
-- numbers begin no such word within another.
create or replace function vitrina_words(text) returns text[]
language sql immutable strict parallel safe as $$
    select array(
        select left(word, 60)
        from (select vitrina_fold($1) offset 0) folded(text)
        cross join lateral (
            with joined as (
                select string_to_array(match[1], '-') as parts
                from regexp_matches(text, '[a-z0-9\u00c0-\u00f6\u00f8-\u1fff\u2c00-\u2dff\u3040-\ud7ff\U00010000-\U0001cfff\U0001e000-\U0001efff\U00020000-\U0003ffff]+(?:-[a-z0-9\u00c0-\u00f6\u00f8-\u1fff\u2c00-\u2dff\u3040-\ud7ff\U00010000-\U0001cfff\U0001e000-\U0001efff\U00020000-\U0003ffff]+)+', 'g') found(match)
            )
            select unnest(regexp_split_to_array(text, '[^a-z0-9\u00c0-\u00f6\u00f8-\u1fff\u2c00-\u2dff\u3040-\ud7ff\U00010000-\U0001cfff\U0001e000-\U0001efff\U00020000-\U0003ffff]+'))
            union all
            select array_to_string(parts[1:60], '')
            from joined
            union all
            select concat(part, next, third, fourth)
            from joined
            cross join lateral (
                select
                    part, lead(part) over parts as next, lead(part, 2) over parts as third, lead(part, 3) over parts as fourth
                from unnest(parts) with ordinality as split(part, n)
                window parts as (order by n)
            ) neighbours
            where next is not null and part || next !~ '^[0-9]+$'
            union all
            select number.match[1] from regexp_matches(text, '[0-9]+(?:[.][0-9]+)+[a-z0-9\u00c0-\u00f6\u00f8-\u1fff\u2c00-\u2dff\u3040-\ud7ff\U00010000-\U0001cfff\U0001e000-\U0001efff\U00020000-\U0003ffff]*', 'g') number(match)
        ) found(word)
        where word <> ''
    )
$$;

-- What neighbours in a name make together, two of them and up to four: `Mazda CX 5` is found as cx5 and as mazdacx5 too, as people write it. Two numbers
-- begin none.
create or replace function vitrina_joins(text) returns text[]
language sql immutable strict parallel safe as $$
    select array(
        select left(made, 60)
        from (
            select
                part, lead(part) over parts as next, lead(part, 2) over parts as third, lead(part, 3) over parts as fourth
            from regexp_split_to_table(vitrina_fold($1), '[^a-z0-9\u00c0-\u00f6\u00f8-\u1fff\u2c00-\u2dff\u3040-\ud7ff\U00010000-\U0001cfff\U0001e000-\U0001efff\U00020000-\U0003ffff]+') with ordinality as split(part, n)
            where part <> ''
            window parts as (order by n)
        ) neighbours
        cross join lateral (values (part || next), (concat(part, next, third, fourth))) joined(made)
        where next is not null and part || next !~ '^[0-9]+$'
    )
$$;

-- As the index takes it, which is a million bytes of different words at most: the shortest, of a text that has more.
create or replace function vitrina_vector(text[]) returns tsvector
language sql immutable strict parallel safe as $$
    select array_to_tsvector(
        case when cardinality($1) < 4000 then $1 else array(
            select word
            from (
                select word, sum(octet_length(word) + 2) over (order by length(word), word) as bytes
                from (select distinct unnest($1)) given(word)
            ) summed
            where bytes < 1000000
        ) end
    )
$$;

-- The branches of a vehicle as they are shown, each once, by whatever codes and names they stand there. `names`: by code and by name as configured, and
-- by both folded. Not one statement: that would be planned anew for each question.
create or replace function vitrina_branches(names jsonb, codes text[]) returns text[]
language plpgsql immutable parallel safe set search_path from current set plan_cache_mode = force_generic_plan as $$
declare
    code text;
    shown text;
    key text;
    keys text[] := '{}';
    branches text[] := '{}';
begin
    foreach code in array coalesce(codes, '{}') loop
        shown := names ->> code;
        if shown is null then
            shown := names ->> vitrina_fold(code);
        end if;
        key := coalesce(shown, vitrina_fold(code));
        if key <> all(keys) then
            keys := keys || key;
            branches := branches || coalesce(shown, code);
        end if;
    end loop;
    return branches;
end
$$;

-- At most 201 characters of each: nobody can ask for more than 200, and an index takes no more than some thousand bytes.
create or replace function vitrina_fold_all(text[]) returns text[]
language sql immutable strict parallel safe as $$
    select coalesce(array_agg(distinct left(vitrina_fold(value), 201)) filter (where btrim(value) <> ''), '{}') from unnest($1) value
$$;

-- Each value once, in its first spelling, so that no vehicle counts twice for one option.
create or replace function vitrina_once(text[]) returns text[]
language sql immutable strict parallel safe as $$
    select coalesce(array_agg(value order by n), '{}')
    from (
        select distinct on (vitrina_fold(value)) value, n from unnest($1) with ordinality as given(value, n)
        order by vitrina_fold(value), n
    ) once
$$;

create table if not exists listing (
    record_id text collate "C" primary key references inventario_cache on delete cascade,
    updated_at timestamptz not null,
    arrived_at timestamptz not null,
    precio numeric(14, 2),
    enganchemin numeric(14, 2),
    autoano integer,
    kilometraje integer,
    separado boolean not null,
    marca text collate "C",
    transmision text collate "C",
    combustible text collate "C",
    garantia text collate "C",
    carroceria text[] collate "C" not null,
    ubicacion text[] collate "C" not null,
    promociones text[] collate "C" not null,
    marca_name text,
    transmision_name text,
    combustible_name text,
    garantia_name text,
    carroceria_names text[] not null,
    ubicacion_names text[] not null,
    promociones_names text[] not null
) with (toast_tuple_target = 128, autovacuum_vacuum_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

comment on table listing is 'What GET /vehicles filters, sorts and searches by: one row per listed vehicle, kept by triggers on inventario_cache';
comment on column listing.arrived_at is 'ingreso_inventario, else created_at: what orderby=newest sorts by';

alter table listing
    alter marca set storage main, alter transmision set storage main, alter combustible set storage main,
    alter garantia set storage main, alter carroceria set storage main, alter ubicacion set storage main,
    alter promociones set storage main, alter marca_name set storage main, alter transmision_name set storage main,
    alter combustible_name set storage main, alter garantia_name set storage main, alter carroceria_names set storage main,
    alter ubicacion_names set storage main, alter promociones_names set storage main;

-- The sorts; each ends in record_id, so equal keys have an order and pages neither overlap nor skip.
create index if not exists listing_by_update on listing (updated_at desc, record_id);
create index if not exists listing_not_reserved on listing (updated_at desc, record_id) where not separado;
create index if not exists listing_newest on listing (arrived_at desc, record_id);
create index if not exists listing_price_asc on listing (precio, record_id);
create index if not exists listing_price_desc on listing (precio desc nulls last, record_id);
create index if not exists listing_year_asc on listing (autoano, record_id);
create index if not exists listing_year_desc on listing (autoano desc nulls last, record_id);
create index if not exists listing_mileage_asc on listing (kilometraje, record_id);
create index if not exists listing_mileage_desc on listing (kilometraje desc nulls last, record_id);
-- The filters that are no sort.
create index if not exists listing_enganchemin on listing (enganchemin);
create index if not exists listing_marca on listing (marca, updated_at desc, record_id);
create index if not exists listing_transmision on listing (transmision, updated_at desc, record_id);
create index if not exists listing_combustible on listing (combustible, updated_at desc, record_id);
create index if not exists listing_garantia on listing (garantia, updated_at desc, record_id);
create index if not exists listing_carroceria on listing using gin (carroceria) with (fastupdate = off);
create index if not exists listing_ubicacion on listing using gin (ubicacion) with (fastupdate = off);
create index if not exists listing_promociones on listing using gin (promociones) with (fastupdate = off);

-- Every word that a listed vehicle has or had, those with digits aside, to find what a misspelt one may mean. It only grows; a word that no vehicle has any
-- more finds none.
create table if not exists search_words (
    word text collate "C" primary key
);

-- The words of a vehicle have a table of their own: only a search reads them, and they are made anew only when the text changes, so an edit
-- of a price touches neither them nor their index.
create table if not exists listing_texts (
    record_id text collate "C" primary key references listing on delete cascade,
    text_hash bigint not null,
    heading tsvector not null,
    words tsvector not null
);
comment on table listing_texts is 'What GET /vehicles?search= looks in: the words of title, marca, modelo, autoano and descripcion';
comment on column listing_texts.text_hash is 'The hash of the text that the words are of';
comment on column listing_texts.heading is 'The words of title, marca, modelo and autoano, which count more';
create index if not exists listing_texts_words on listing_texts using gin (words) with (fastupdate = off);

create or replace function vitrina_list_changed() returns trigger
language plpgsql set search_path from current as $$
begin
    -- An insert that may turn into an update calls both triggers, one of them with nothing.
    if not exists (select from changed) then
        return null;
    end if;
    delete from listing l using changed c where l.record_id = c.record_id and not c.listed;
    insert into listing
    select
        c.record_id, c.updated_at, coalesce(c.ingreso_inventario, c.created_at), c.precio, c.enganchemin, c.autoano,
        c.kilometraje, c.separado, left(vitrina_fold(c.marca), 201), left(vitrina_fold(c.transmision), 201),
        left(vitrina_fold(c.combustible), 201), left(vitrina_fold(c.garantia), 201), vitrina_fold_all(bodies), vitrina_fold_all(c.ubicacion), vitrina_fold_all(c.promociones),
        c.marca, c.transmision, c.combustible, c.garantia, vitrina_once(bodies), vitrina_once(c.ubicacion),
        vitrina_once(c.promociones)
    from changed c
    cross join lateral (
        select
            case when c.carroceria is null or c.carroceria = any(c.clasificacionid) then c.clasificacionid
                else c.carroceria || c.clasificacionid end as bodies
    ) made
    where c.listed
    on conflict (record_id) do update set
        updated_at = excluded.updated_at, arrived_at = excluded.arrived_at, precio = excluded.precio,
        enganchemin = excluded.enganchemin, autoano = excluded.autoano, kilometraje = excluded.kilometraje,
        separado = excluded.separado, marca = excluded.marca, transmision = excluded.transmision,
        combustible = excluded.combustible, garantia = excluded.garantia, carroceria = excluded.carroceria,
        ubicacion = excluded.ubicacion, promociones = excluded.promociones, marca_name = excluded.marca_name,
        transmision_name = excluded.transmision_name, combustible_name = excluded.combustible_name,
        garantia_name = excluded.garantia_name, carroceria_names = excluded.carroceria_names,
        ubicacion_names = excluded.ubicacion_names, promociones_names = excluded.promociones_names;
    with texts as materialized (
        select c.record_id, heading, c.descripcion, hashtextextended(heading || coalesce(' ' || c.descripcion, ''), 0) as text_hash
        from changed c
        cross join lateral (select concat_ws(' ', c.title, c.marca, c.modelo, c.autoano) as heading) titled
        where c.listed
    ),
    -- Each text is taken apart once.
    fresh as materialized (
        select
            t.record_id, t.text_hash, vitrina_words(t.heading) as heading, vitrina_joins(t.heading) as joins,
            vitrina_words(coalesce(t.descripcion, '')) as more
        from texts t
        where not exists (select from listing_texts l where l.record_id = t.record_id and l.text_hash = t.text_hash)
    ),
    written as (
        insert into listing_texts
        select record_id, text_hash, vitrina_vector(heading || joins), vitrina_vector(heading || joins || more) from fresh
        on conflict (record_id) do update set
            text_hash = excluded.text_hash, heading = excluded.heading, words = excluded.words
    )
    -- In one order everywhere, so that two transactions with the same new words cannot wait for each other in a circle.
    insert into search_words
    select found.word
    from (select distinct each.word from fresh cross join lateral unnest(heading || more) as each(word)) found
    where length(found.word) > 1 and found.word !~ '[0-9]'
        and not exists (select from search_words known where known.word = found.word)
    order by found.word
    on conflict do nothing;
    return null;
end
$$;

-- A hand at work: nobody else tells the instances.
create or replace function vitrina_tell_of_hand() returns trigger
language plpgsql set search_path from current as $$
begin
    -- A pooler may add something to the name.
    if current_setting('application_name') !~ '^vitrina' then
        perform pg_notify('vitrina_changes', current_schema() || ' sql');
    end if;
    return null;
end
$$;

create or replace trigger edited_by_hand after insert or update or delete or truncate on inventario_cache
for each statement execute function vitrina_tell_of_hand();
create or replace trigger edited_by_hand after insert or update or delete or truncate on slug_redirects
for each statement execute function vitrina_tell_of_hand();

create or replace trigger list_inserted after insert on inventario_cache
    referencing new table as changed for each statement execute function vitrina_list_changed();
create or replace trigger list_updated after update on inventario_cache
    referencing new table as changed for each statement execute function vitrina_list_changed();
